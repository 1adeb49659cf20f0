#include "bitwright/report/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bitwright/base/text.h"
#include "bitwright/report/certificate_report.h"

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json SizeJson(std::int64_t bytes, std::int64_t float_bytes) {
  return {{"bytes", bytes},
          {"float_bytes", float_bytes},
          {"ratio", Number(static_cast<double>(float_bytes) / static_cast<double>(bytes))}};
}

std::string SizeRow(std::string_view name, std::int64_t bytes, std::int64_t float_bytes) {
  return fmt::format("| {} | {} | {} | {:.2f}x |\n", name,
                     HumanBytes(static_cast<double>(float_bytes)),
                     HumanBytes(static_cast<double>(bytes)),
                     static_cast<double>(float_bytes) / static_cast<double>(bytes));
}

std::string MetricText(double value, bool percent) {
  return percent ? fmt::format("{:.2f} %", 100 * value) : fmt::format("{:.4f}", value);
}

std::string DropText(double drop, bool percent) {
  return percent ? fmt::format("{:.2f} points", 100 * drop) : fmt::format("{:.4f}", drop);
}

std::string TensorRow(const TensorReport& tensor) {
  const std::string sqnr =
      std::isfinite(tensor.sqnr_db) ? fmt::format("{:.1f}", tensor.sqnr_db) : "-";
  const std::string sensitivity =
      tensor.sensitivity ? fmt::format("{:.2e}", *tensor.sensitivity) : "-";
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", tensor.name,
                     tensor.kind == TargetKind::kWeight ? "weight" : "activation", tensor.spec,
                     tensor.bits, tensor.elements, tensor.bytes, sqnr, sensitivity);
}

Json LayerJson(const std::string& name, const LayerArithmetic& layer) {
  Json json = {{"name", name}, {"path", PathName(layer.path)}};
  if (!layer.reason.empty()) json["reason"] = layer.reason;
  return json;
}

// How many layers ran on each path, and why some ran in float32.
std::string LayersText(const Report& report) {
  std::map<LayerPath, int> counts;
  std::map<std::string, int> reasons;
  for (const auto& [name, layer] : report.layers) {
    ++counts[layer.path];
    if (!layer.reason.empty()) ++reasons[layer.reason];
  }
  std::string text;
  for (const auto& [path, count] : counts)
    text +=
        fmt::format("{}{} {}", text.empty() ? "Layers by arithmetic (docs/numerics.md): " : ", ",
                    count, PathName(path));
  if (!text.empty()) text += ".\n";
  for (const auto& [reason, count] : reasons)
    text += fmt::format("float32 in {}: {}.\n", count, reason);
  return text.empty() ? text : text + "\n";
}

Json GainsJson(const Report& report) {
  Json methods = Json::array();
  for (const MethodGain& gain : report.gains) {
    Json layers = Json::object();
    for (std::size_t l = 0; l < gain.layers.size(); ++l)
      layers[report.gain_layers[l]] = Number(gain.layers[l]);
    methods.push_back({{"method", gain.method},
                       {"note", gain.note},
                       {"divergence", Number(gain.divergence)},
                       {"seconds", gain.seconds},
                       {"kept", gain.kept},
                       {"layer_errors", std::move(layers)}});
  }
  return methods;
}

// Signal over noise of a layer's output.
std::string Decibels(double error) {
  return error > 0 ? fmt::format("{:.1f}", -10 * std::log10(error)) : std::string("-");
}

std::string GainsText(const Report& report) {
  if (report.gains.empty()) return "";
  std::string text =
      "## Methods\n\nDivergence of the network's output from the float network's after each "
      "method, on calibration samples held out from the methods.\n\n| method | divergence | "
      "seconds | what it did "
      "|\n|---|---|---|---|\n";
  for (const MethodGain& gain : report.gains) {
    text += fmt::format("| {} | {:.3e} | {:.1f} | {} |\n", gain.method, gain.divergence,
                        gain.seconds, gain.note);
  }
  text += "\nSignal over noise of each layer's output in the running network, in dB:\n\n| layer |";
  for (const MethodGain& gain : report.gains) text += fmt::format(" {} |", gain.method);
  text += "\n|---|";
  for (std::size_t g = 0; g < report.gains.size(); ++g) text += "---|";
  for (std::size_t l = 0; l < report.gain_layers.size(); ++l) {
    text += fmt::format("\n| {} |", report.gain_layers[l]);
    for (const MethodGain& gain : report.gains)
      text += fmt::format(" {} |", Decibels(gain.layers[l]));
  }
  return text + "\n\n## Tensors\n\n";
}

Json JudgeJson(const Report& report) {
  if (!report.judge) return nullptr;
  return {{"command", report.judge->command},
          {"runs", report.judge->runs},
          {"faults", report.judge->faults}};
}

std::string JudgeText(const Report& report) {
  if (!report.judge || report.judge->faults.empty()) return "";
  return fmt::format(
      "The judge had no value for {} of {} networks, which were refused; the last: {}.\n",
      report.judge->faults.size(), report.judge->runs, report.judge->faults.back());
}

}  // namespace

std::string ReportToJson(const Report& report) {
  const Sizes& s = report.sizes;
  const auto result = [&](double value) {
    return Json{{"metric", report.metric}, {"value", Number(value)}, {"images", report.images}};
  };
  Json json = {{"network", report.network},
               {"data", report.data},
               {"split", report.split},
               {"float", result(report.float_value)},
               {"quantized", result(report.quantized_value)},
               {"drop", Number(report.drop())},
               {"max_drop", report.max_drop ? Json(*report.max_drop) : Json(nullptr)},
               {"search_drop", report.search_drop ? Json(*report.search_drop) : Json(nullptr)},
               {"splits", SplitsJson(report)},
               {"certificate", CertificateJson(report)},
               {"judge", JudgeJson(report)},
               {"interrupted", report.interrupted},
               {"weights", SizeJson(s.weight_bytes, s.weight_float_bytes)},
               {"activations", SizeJson(s.activation_bytes, s.activation_float_bytes)},
               {"total", SizeJson(s.weight_bytes + s.activation_bytes,
                                  s.weight_float_bytes + s.activation_float_bytes)},
               {"seconds", report.seconds},
               {"peak_memory_bytes", report.peak_memory_bytes},
               {"tensors", Json::array()}};
  for (const TensorReport& tensor : report.tensors) {
    json["tensors"].push_back(
        {{"name", tensor.name},
         {"kind", tensor.kind == TargetKind::kWeight ? "weight" : "activation"},
         {"spec", tensor.spec},
         {"bits", tensor.bits},
         {"elements", tensor.elements},
         {"bytes", tensor.bytes},
         {"sqnr_db", Number(tensor.sqnr_db)},
         {"sensitivity", tensor.sensitivity ? Number(*tensor.sensitivity) : Json(nullptr)}});
  }
  json["methods"] = GainsJson(report);
  json["layers"] = Json::array();
  for (const auto& [name, layer] : report.layers) json["layers"].push_back(LayerJson(name, layer));
  return json.dump(2) + "\n";
}

std::string ReportToMarkdown(const Report& report) {
  const Sizes& s = report.sizes;
  std::string text = fmt::format("# {}\n\n", report.network);
  text += report.judge ? fmt::format("'{}'", report.judge->command)
                       : fmt::format("{} on {} test samples of {}", report.metric, report.images,
                                     report.data);
  text += fmt::format(
      ": float {}, quantized {}, drop {}", MetricText(report.float_value, report.percent),
      MetricText(report.quantized_value, report.percent), DropText(report.drop(), report.percent));
  if (report.max_drop) {
    text += fmt::format(" (allowed: {}; on the search split: {})",
                        DropText(*report.max_drop, report.percent),
                        DropText(report.search_drop.value_or(NAN), report.percent));
  }
  text += ".\n" + CertificateText(report) + JudgeText(report);
  text +=
      fmt::format("{}\nTook {} and {} of memory{}.\n\n", report.split, HumanSeconds(report.seconds),
                  HumanBytes(static_cast<double>(report.peak_memory_bytes)),
                  report.interrupted ? "; ended by the user, the best plan so far" : "");
  text += "| stored | float32 | now | smaller |\n|---|---|---|---|\n";
  text += SizeRow("weights", s.weight_bytes, s.weight_float_bytes);
  text += SizeRow("activations of one sample", s.activation_bytes, s.activation_float_bytes);
  text += SizeRow("both", s.weight_bytes + s.activation_bytes,
                  s.weight_float_bytes + s.activation_float_bytes);
  text +=
      "\nBytes of weights include scales, and biases as float32. SQNR is the tensor's own, in dB. "
      "Sensitivity is the "
      "divergence of the network's output from the float network's with that tensor alone "
      "rounded.\n\n";
  text += LayersText(report);
  text += GainsText(report);
  text +=
      "| tensor | kind | spec | bits | elements | bytes | SQNR | sensitivity "
      "|\n|---|---|---|---|---|---|---|---|\n";
  for (const TensorReport& tensor : report.tensors) text += TensorRow(tensor);
  return text;
}

}  // namespace bw
