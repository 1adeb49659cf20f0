#include "bitwright/data/preprocess.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "bitwright/base/text.h"

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxSide = 16384;

Expected<double> NumberOf(std::string_view text, const std::string& where) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(
        "{}: 'scale' is not a number, '{}', a number or a fraction such as \"1/255\" is allowed",
        where, text);
  }
  return value;
}

Expected<void> ReadScale(const Json& json, const std::string& where, double& scale) {
  if (json.is_number()) {
    scale = json.get<double>();
    return {};
  }
  if (!json.is_string()) {
    return Fail(
        "{}: 'scale' is not a number, {}, a number or a fraction such as \"1/255\" is allowed",
        where, json.dump());
  }
  const auto& text = json.get_ref<const std::string&>();
  const std::size_t slash = text.find('/');
  BW_ASSIGN(scale, NumberOf(std::string_view(text).substr(0, slash), where));
  if (slash != std::string::npos) {
    BW_ASSIGN(const double divisor, NumberOf(std::string_view(text).substr(slash + 1), where));
    scale /= divisor;
  }
  return {};
}

Expected<void> ReadNumbers(const Json& json, const char* key, const std::string& where,
                           std::vector<double>& values) {
  const Json list = json.is_array() ? json : Json::array({json});
  const bool numbers =
      std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_number(); });
  if (!numbers || list.empty()) {
    return Fail("{}: '{}' is {}, a list of one number for each channel is allowed", where, key,
                json.dump());
  }
  values = list.get<std::vector<double>>();
  return {};
}

Expected<void> ReadInteger(const Json& json, const char* key, const std::string& where,
                           int& value) {
  const bool fits =
      json.is_number_integer() && json.get<double>() >= 0 && json.get<double>() <= kMaxSide;
  if (!fits)
    return Fail("{}: '{}' is {}, an integer from 0 to {} is allowed", where, key, json.dump(),
                kMaxSide);
  value = json.get<int>();
  return {};
}

Expected<void> ReadSide(const Json& json, const char* key, const std::string& where,
                        std::optional<int>& side) {
  side.reset();
  if (json.is_null()) return {};
  int value = 0;
  BW_TRY(ReadInteger(json, key, where, value));
  side = value;
  return {};
}

Expected<void> ReadText(const Json& json, const char* key, const std::string& where,
                        std::string& text) {
  if (!json.is_string()) return Fail("{}: '{}' is {}, a text is allowed", where, key, json.dump());
  text = json.get<std::string>();
  return {};
}

// One name of the JSON object and how it is read.
struct Field {
  const char* key;
  Expected<void> (*read)(const Json&, const char* key, const std::string& where, Preprocess&);
};

constexpr Field kFields[] = {
    {"resize", [](const Json& j, const char* k, const std::string& w,
                  Preprocess& p) { return ReadSide(j, k, w, p.resize); }},
    {"center_crop", [](const Json& j, const char* k, const std::string& w,
                       Preprocess& p) { return ReadSide(j, k, w, p.center_crop); }},
    {"color", [](const Json& j, const char* k, const std::string& w,
                 Preprocess& p) { return ReadText(j, k, w, p.color); }},
    {"scale", [](const Json& j, const char*, const std::string& w,
                 Preprocess& p) { return ReadScale(j, w, p.scale); }},
    {"mean", [](const Json& j, const char* k, const std::string& w,
                Preprocess& p) { return ReadNumbers(j, k, w, p.mean); }},
    {"std", [](const Json& j, const char* k, const std::string& w,
               Preprocess& p) { return ReadNumbers(j, k, w, p.std); }},
    {"layout", [](const Json& j, const char* k, const std::string& w,
                  Preprocess& p) { return ReadText(j, k, w, p.layout); }},
    {"stored_layout", [](const Json& j, const char* k, const std::string& w,
                         Preprocess& p) { return ReadText(j, k, w, p.stored_layout); }},
    {"window", [](const Json& j, const char* k, const std::string& w,
                  Preprocess& p) { return ReadInteger(j, k, w, p.window); }},
};

Expected<Json> ParseObject(std::string_view text, const std::string& where) {
  try {
    Json json = Json::parse(text);
    if (json.is_object()) return json;
    return Fail("{}: not a JSON object, {}, {{\"scale\": ..., ...}} is needed", where,
                json.type_name());
  } catch (const Json::parse_error& error) {
    return Fail("{}: not JSON, an error at byte {}, one object {{\"scale\": ..., ...}} is needed",
                where, error.byte);
  }
}

Expected<void> CheckSide(const std::optional<int>& side, const char* key,
                         const std::string& where) {
  if (!side || (*side >= 1 && *side <= kMaxSide)) return {};
  return Fail("{}: '{}' is {}, 1 to {} pixels are allowed", where, key, *side, kMaxSide);
}

Expected<void> CheckWord(const std::string& word, const char* key, const std::string& where,
                         const char* first, const char* second) {
  if (word == first || word == second) return {};
  return Fail("{}: '{}' is '{}', '{}' or '{}' is allowed", where, key, word, first, second);
}

bool AllFinite(const std::vector<double>& values) {
  return !values.empty() &&
         std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

Expected<void> CheckPreprocess(const Preprocess& preprocess, const std::string& where) {
  BW_TRY(CheckSide(preprocess.resize, "resize", where));
  BW_TRY(CheckSide(preprocess.center_crop, "center_crop", where));
  BW_TRY(CheckWord(preprocess.color, "color", where, "rgb", "bgr"));
  BW_TRY(CheckWord(preprocess.layout, "layout", where, "nchw", "nhwc"));
  if (!preprocess.stored_layout.empty()) {
    BW_TRY(CheckWord(preprocess.stored_layout, "stored_layout", where, "nchw", "nhwc"));
  }
  if (!std::isfinite(preprocess.scale) || !AllFinite(preprocess.mean)) {
    return Fail("{}: 'scale' is {} and 'mean' is [{}], finite numbers are allowed", where,
                preprocess.scale, fmt::join(preprocess.mean, ", "));
  }
  const bool has_zero =
      std::find(preprocess.std.begin(), preprocess.std.end(), 0.0) != preprocess.std.end();
  if (!AllFinite(preprocess.std) || has_zero) {
    return Fail("{}: 'std' is [{}], finite numbers other than 0 are allowed", where,
                fmt::join(preprocess.std, ", "));
  }
  if (preprocess.window < 0)
    return Fail("{}: 'window' is {}, 0 or more frames are allowed", where, preprocess.window);
  return {};
}

Expected<Preprocess> Preprocess::FromJson(std::string_view json, const std::string& where) {
  BW_ASSIGN(const Json object, ParseObject(json, where));
  Preprocess preprocess;
  for (const auto& [key, value] : object.items()) {
    const auto field = std::find_if(std::begin(kFields), std::end(kFields),
                                    [&](const Field& f) { return f.key == key; });
    if (field == std::end(kFields)) {
      std::vector<std::string> names;
      for (const Field& known : kFields) names.emplace_back(known.key);
      return Fail("{}: unknown name '{}'; nearest is '{}', allowed are {}", where, key,
                  Nearest(key, names), fmt::join(names, " "));
    }
    BW_TRY(field->read(value, field->key, where, preprocess));
  }
  BW_TRY(CheckPreprocess(preprocess, where));
  return preprocess;
}

std::string Preprocess::ToJson() const {
  Json json = Json::object();
  if (resize) json["resize"] = *resize;
  if (center_crop) json["center_crop"] = *center_crop;
  json["color"] = color;
  json["scale"] = scale;
  json["mean"] = mean;
  json["std"] = std;
  json["layout"] = layout;
  if (!stored_layout.empty()) json["stored_layout"] = stored_layout;
  if (window > 0) json["window"] = window;
  return json.dump(2);
}

}  // namespace bw
