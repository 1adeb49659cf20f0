#include "bitwright/cost/target.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bitwright/base/check.h"
#include "bitwright/base/file.h"
#include "bitwright/base/text.h"
#include "bitwright/cost/target_files.h"

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kKeys[] = {"bitwright_target", "name",  "summary",
                                      "source",           "model", "parameters"};

Expected<std::string> Text(const Json& json, const char* key, const std::string& where) {
  if (!json.contains(key) || !json[key].is_string())
    return Fail("{}: '{}' is missing or no string", where, key);
  return json[key].get<std::string>();
}

Expected<void> CheckKeys(const Json& json, const std::string& where) {
  const std::vector<std::string> known(std::begin(kKeys), std::end(kKeys));
  for (const auto& [key, unused] : json.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      return Fail("{}: unknown key '{}'; nearest is '{}'", where, key, Nearest(key, known));
  }
  if (!json.contains("bitwright_target") || json["bitwright_target"] != 1)
    return Fail("{}: 'bitwright_target' is not 1, the one version there is", where);
  return {};
}

Expected<const CostModel*> FindModel(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const CostModel* model : cost_models::All()) {
    if (model->name == name) return model;
    names.emplace_back(model->name);
  }
  return Fail("{}: unknown model '{}'; nearest is '{}' ({})", where, name, Nearest(name, names),
              fmt::join(names, ", "));
}

Expected<Parameters> ParametersFromJson(const Json& json, const std::string& where) {
  Parameters parameters;
  if (!json.is_object()) return Fail("{}: 'parameters' is no object", where);
  for (const auto& [name, value] : json.items()) {
    const bool numbers =
        value.is_number() ||
        (value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const Json& x) { return x.is_number(); }));
    if (!numbers)
      return Fail("{}: parameter '{}' is no number and no list of numbers", where, name);
    parameters.Set(name, value.is_number() ? std::vector<double>{value.get<double>()}
                                           : value.get<std::vector<double>>());
  }
  return parameters;
}

std::vector<CostTarget> ParseBuiltIn() {
  std::vector<CostTarget> targets;
  for (const target_files::EmbeddedFile& file : target_files::All()) {
    Expected<CostTarget> target = TargetFromJson(file.text, std::string(file.name));
    if (!target) fmt::print(stderr, "{}\n", target.error().message);
    BW_CHECK(target.has_value() && target->name + ".json" == file.name);
    targets.push_back(*std::move(target));
  }
  return targets;
}

}  // namespace

Expected<CostTarget> TargetFromJson(std::string_view text, const std::string& where) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Fail("{}: is no JSON object; see docs/cost.md", where);
  BW_TRY(CheckKeys(json, where));
  CostTarget target;
  BW_ASSIGN(target.name, Text(json, "name", where));
  BW_ASSIGN(target.summary, Text(json, "summary", where));
  BW_ASSIGN(target.source, Text(json, "source", where));
  BW_ASSIGN(const std::string model, Text(json, "model", where));
  BW_ASSIGN(target.model, FindModel(model, where));
  BW_ASSIGN(target.parameters, ParametersFromJson(json.value("parameters", Json::object()), where));
  if (const auto fits = CheckParameters(target.parameters, target.model->parameters); !fits)
    return Context(fmt::format("{}: model '{}'", where, model), fits.error());
  return target;
}

std::string TargetToJson(const CostTarget& target) {
  Json parameters = Json::object();
  for (const ParameterRule& rule : target.model->parameters) {
    const auto values = target.parameters.List(rule.name);
    parameters[std::string(rule.name)] =
        rule.count == 1 ? Json(values[0]) : Json(std::vector<double>(values.begin(), values.end()));
  }
  return Json{{"bitwright_target", 1},   {"name", target.name},         {"summary", target.summary},
              {"source", target.source}, {"model", target.model->name}, {"parameters", parameters}}
             .dump(2) +
         "\n";
}

const std::vector<CostTarget>& BuiltInTargets() {
  static const std::vector<CostTarget> targets = ParseBuiltIn();
  return targets;
}

Expected<CostTarget> FindTarget(const std::string& name_or_path) {
  if (name_or_path.ends_with(".json")) {
    BW_ASSIGN(const std::string text, ReadFile(name_or_path));
    return TargetFromJson(text, name_or_path);
  }
  std::vector<std::string> names;
  for (const CostTarget& target : BuiltInTargets()) {
    if (target.name == name_or_path) return target;
    names.push_back(target.name);
  }
  return FailUsage("unknown target '{}'; nearest is '{}' ({}; or the path of a .json file)",
                   name_or_path, Nearest(name_or_path, names), fmt::join(names, ", "));
}

}  // namespace bw
