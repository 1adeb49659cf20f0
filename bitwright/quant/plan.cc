#include "bitwright/quant/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "bitwright/base/text.h"
#include "bitwright/quant/compensate.h"
#include "bitwright/quant/scale_method.h"
#include "bitwright/quant/self_distillation.h"

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

// By WeightRounding.
constexpr std::array<std::string_view, 3> kRoundings = {"nearest", "compensated", "learned"};

// FNV-1a, 64 bits.
void Hash(std::uint64_t& state, std::string_view text) {
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
}

Expected<std::string> Text(const Json& object, const char* key, const std::string& where) {
  if (!object.contains(key) || !object[key].is_string())
    return Fail("{}: '{}' is missing or no string", where, key);
  return object[key].get<std::string>();
}

Expected<void> CheckKeys(const Json& object, std::span<const std::string> allowed,
                         const std::string& where) {
  if (!object.is_object())
    return Fail("{}: {} stands here, an object is needed", where, object.type_name());
  for (const auto& [key, unused] : object.items()) {
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      return Fail("{}: unknown key '{}'; nearest is '{}'", where, key, Nearest(key, allowed));
    }
  }
  return {};
}

Expected<WeightRounding> RoundingNamed(const std::string& name, const std::string& where) {
  for (std::size_t i = 0; i < kRoundings.size(); ++i) {
    if (name == kRoundings[i]) return static_cast<WeightRounding>(i);
  }
  return Fail("{}: unknown rounding '{}'; {} are known", where, name, fmt::join(kRoundings, ", "));
}

template <typename T>
Expected<std::vector<T>> Numbers(const Json& object, const char* key, const std::string& where) {
  if (!object.contains(key)) return std::vector<T>();
  const Json& list = object[key];
  const bool numbers = list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& x) {
                         return std::is_integral_v<T> ? x.is_number_integer() : x.is_number();
                       });
  if (!numbers) return Fail("{}: '{}' is no list of numbers", where, key);
  return list.get<std::vector<T>>();
}

Expected<StoredCodes> CodesFromJson(const Json& object, const std::string& where) {
  StoredCodes stored;
  BW_ASSIGN(stored.codes, Text(object, "codes", where));
  BW_ASSIGN(stored.coded_for, Text(object, "coded_for", where));
  BW_ASSIGN(stored.params.scales, Numbers<float>(object, "scales", where));
  BW_ASSIGN(stored.params.zeros, Numbers<std::int32_t>(object, "zeros", where));
  if (!object.contains("tensor_scale")) return stored;
  if (!object["tensor_scale"].is_number()) return Fail("{}: 'tensor_scale' is no number", where);
  stored.params.tensor_scale = object["tensor_scale"].get<float>();
  return stored;
}

void WriteCodes(const StoredCodes& stored, Json& entry) {
  entry["coded_for"] = stored.coded_for;
  entry["scales"] = stored.params.scales;
  if (!stored.params.zeros.empty()) entry["zeros"] = stored.params.zeros;
  if (stored.params.tensor_scale != 1) entry["tensor_scale"] = stored.params.tensor_scale;
  entry["codes"] = stored.codes;
}

// Whether or not the tensor's codes or scale are there, so that nobody asks the method.
Expected<std::string> MethodFromJson(const Json& object, const std::string& where) {
  BW_ASSIGN(std::string method, Text(object, "scale_method", where));
  if (method == kScaleByMoments || method == kScaleByOutput) return method;
  const Expected<void> known = CheckMethodName(method);
  if (!known) return Fail("{}: {}", where, known.error().message);
  return method;
}

Expected<TensorPlan> TensorFromJson(const Json& object, const std::string& where) {
  static const std::array<std::string, 11> kKeys = {
      "spec",  "scale_method", "rounding", "scale",     "zero",        "scaled_for",
      "codes", "scales",       "zeros",    "coded_for", "tensor_scale"};
  BW_TRY(CheckKeys(object, kKeys, where));
  BW_ASSIGN(const std::string text, Text(object, "spec", where));
  Expected<QuantSpec> spec = QuantSpec::Parse(text);
  if (!spec) return Context(where, spec.error());
  TensorPlan tensor{*std::move(spec), "mse", std::nullopt};
  if (object.contains("scale_method")) {
    BW_ASSIGN(tensor.scale_method, MethodFromJson(object, where));
  }
  if (object.contains("rounding")) {
    BW_ASSIGN(const std::string rounding, Text(object, "rounding", where));
    BW_ASSIGN(tensor.rounding, RoundingNamed(rounding, where));
  }
  if (object.contains("codes")) {
    BW_ASSIGN(tensor.codes, CodesFromJson(object, where));
  }
  if (!object.contains("scale")) return tensor;
  if (!object["scale"].is_number()) return Fail("{}: 'scale' is no number", where);
  FixedScale fixed;
  fixed.scale = object["scale"].get<float>();
  if (!(fixed.scale > 0) || !std::isfinite(fixed.scale)) {
    return Fail("{}: scale is {}, a positive number is needed", where, fixed.scale);
  }
  if (object.contains("zero")) {
    if (!object["zero"].is_number_integer()) return Fail("{}: 'zero' is no integer", where);
    const auto zero = object["zero"].get<std::int64_t>();
    const auto& info = tensor.spec.element.info();
    if (static_cast<double>(zero) < info.min || static_cast<double>(zero) > info.max) {
      return Fail("{}: zero is {}, {} holds {} to {}", where, zero, info.name, info.min, info.max);
    }
    if (tensor.spec.symmetric && zero != 0) {
      return Fail("{}: zero is {}, spec '{}' has no zero point; add ':asym'", where, zero, text);
    }
    fixed.zero = static_cast<std::int32_t>(zero);
  }
  fixed.scaled_for = object.contains("scaled_for") && object["scaled_for"].is_string()
                         ? object["scaled_for"].get<std::string>()
                         : tensor.spec.ToString();
  tensor.fixed = fixed;
  return tensor;
}

// Numbers of layers' channels: biases and channel scales.
Expected<std::map<std::string, std::vector<float>>> ListsFromJson(const Json& json,
                                                                  const std::string& where) {
  if (!json.is_object()) return Fail("{}: is no object of lists of numbers", where);
  std::map<std::string, std::vector<float>> lists;
  for (const auto& [layer, list] : json.items()) {
    const bool numbers =
        list.is_array() &&
        std::all_of(list.begin(), list.end(), [](const Json& x) { return x.is_number(); });
    if (!numbers) return Fail("{}: '{}' is no list of numbers", where, layer);
    lists[layer] = list.get<std::vector<float>>();
  }
  return lists;
}

}  // namespace

std::string Fingerprint(const QuantTargets& targets) {
  std::uint64_t state = 0xcbf29ce484222325ULL;
  for (const QuantTarget& target : targets.tensors) {
    Hash(state, fmt::format("{} {} {};", target.name, static_cast<int>(target.kind),
                            ShapeText(target.shape)));
  }
  return fmt::format("{:016x}", state);
}

std::string PlanToJson(const Plan& plan) {
  Json tensors = Json::object();
  for (const auto& [name, tensor] : plan.tensors) {
    Json entry = {{"spec", tensor.spec.ToString()}, {"scale_method", tensor.scale_method}};
    if (tensor.rounding != WeightRounding::kNearest)
      entry["rounding"] = kRoundings[static_cast<std::size_t>(tensor.rounding)];
    if (tensor.codes) WriteCodes(*tensor.codes, entry);
    if (tensor.fixed) {
      entry["scale"] = tensor.fixed->scale;
      entry["zero"] = tensor.fixed->zero;
      entry["scaled_for"] = tensor.fixed->scaled_for;
    }
    tensors[name] = std::move(entry);
  }
  Json json = {{"bitwright_plan", 1}, {"network", plan.network}, {"tensors", tensors}};
  if (!plan.channel_scales.empty()) json["channel_scales"] = plan.channel_scales;
  if (!plan.biases.empty()) json["biases"] = plan.biases;
  return json.dump(2) + "\n";
}

Expected<Plan> PlanFromJson(std::string_view text, const std::string& where) {
  static const std::array<std::string, 5> kKeys = {"bitwright_plan", "network", "tensors",
                                                   "channel_scales", "biases"};
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Fail("{}: is no JSON; a plan.json of bitwright is needed", where);
  BW_TRY(CheckKeys(json, kKeys, where));
  if (!json.contains("bitwright_plan") || json["bitwright_plan"] != 1) {
    return Fail("{}: 'bitwright_plan' is not 1, the one version there is", where);
  }
  Plan plan;
  BW_ASSIGN(plan.network, Text(json, "network", where));
  if (!json.contains("tensors") || !json["tensors"].is_object())
    return Fail("{}: 'tensors' is no object", where);
  for (const auto& [name, entry] : json["tensors"].items()) {
    BW_ASSIGN(TensorPlan tensor,
              TensorFromJson(entry, fmt::format("{}: tensor '{}'", where, name)));
    plan.tensors.emplace(name, std::move(tensor));
  }
  if (json.contains("biases")) {
    BW_ASSIGN(plan.biases, ListsFromJson(json["biases"], where + ": biases"));
  }
  if (json.contains("channel_scales")) {
    BW_ASSIGN(plan.channel_scales,
              ListsFromJson(json["channel_scales"], where + ": channel_scales"));
  }
  return plan;
}

Expected<void> CheckPlan(const Plan& plan, const QuantTargets& targets, const std::string& where) {
  std::vector<std::string> names;
  for (const QuantTarget& target : targets.tensors) names.push_back(target.name);
  for (const auto& [name, tensor] : plan.tensors) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return Fail(
        "{}: the network has no tensor '{}'; nearest is '{}' (is it a plan for another network?)",
        where, name, Nearest(name, names));
  }
  if (plan.network != Fingerprint(targets)) {
    return Fail(
        "{}: the plan is for network {}, this one is {}; make a new plan with 'bitwright tune'",
        where, plan.network, Fingerprint(targets));
  }
  return {};
}

}  // namespace bw
