#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "bitwright/base/text.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/options.h"
#include "bitwright/graph/infer.h"
#include "bitwright/quant/targets.h"
#include "bitwright/runtime/work.h"

namespace bw::commands {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model;
  bool json = false, nodes = false;
};

Json TargetJson(const QuantTarget& target) {
  return {{"name", target.name},
          {"kind", target.kind == TargetKind::kWeight ? "weight" : "activation"},
          {"shape", target.shape},
          {"elements", target.elements}};
}

// A tensor that the network's file already holds or computes as codes.
struct Coded {
  std::string name, kind, format;
  Shape shape;
};

// int8 and uint8 tensors of more than one element with the scales beside them: operators on codes
// take them as (codes, scale, zero point), once or twice.
std::vector<Coded> FindCoded(const Graph& graph) {
  std::map<ValueId, Coded> found;
  for (const Node& node : graph.nodes) {
    for (std::size_t i = 0; i + 1 < node.inputs.size() && i < 6; i += 3) {
      if (node.inputs[i] == kNoValue || node.inputs[i + 1] == kNoValue) continue;
      const Value& value = graph.value(node.inputs[i]);
      const Value& scale = graph.value(node.inputs[i + 1]);
      const bool bytes = value.type.dtype == DType::kInt8 || value.type.dtype == DType::kUint8;
      const bool scaled = scale.constant && scale.type.dtype == DType::kFloat32;
      if (!bytes || !scaled || (value.constant && value.constant->size() == 1)) continue;
      const std::int64_t scales = scale.constant->size();
      found[node.inputs[i]] = {value.name, value.constant ? "weight" : "activation",
                               fmt::format("{}, {} scale{}", DTypeName(value.type.dtype), scales,
                                           scales == 1 ? "" : "s"),
                               value.type.shape};
    }
  }
  std::vector<Coded> all;
  for (auto& [id, coded] : found) all.push_back(std::move(coded));
  return all;
}

void PrintCoded(const Graph& graph) {
  const std::vector<Coded> all = FindCoded(graph);
  if (all.empty()) return;
  fmt::print("\nalready quantized: {} tensors\n\n{:<10} {:<40} {:<20} {}\n", all.size(), "kind",
             "tensor", "shape", "format");
  for (const Coded& coded : all) {
    fmt::print("{:<10} {:<40} {:<20} {}\n", coded.kind, coded.name, ShapeText(coded.shape),
               coded.format);
  }
}

void PrintHead(const Graph& graph) {
  std::map<std::string_view, int> ops;
  for (const Node& node : graph.nodes) ++ops[node.op->name];
  std::vector<std::string> counts;
  for (const auto& [name, count] : ops) counts.push_back(fmt::format("{} {}", count, name));
  fmt::print("{}\n", graph.name);
  for (const ValueId id : graph.inputs) {
    fmt::print("input   {} {}\n", graph.value(id).name, ShapeText(graph.value(id).type.shape));
  }
  for (const ValueId id : graph.outputs) fmt::print("output  {}\n", graph.value(id).name);
  fmt::print("nodes   {} after folding: {}\n", graph.nodes.size(), fmt::join(counts, ", "));
}

void PrintSummary(const Graph& graph, const QuantTargets& targets, std::int64_t macs) {
  PrintHead(graph);
  std::int64_t weights = targets.float_weight_elements,
               activations = targets.float_activation_elements;
  for (const QuantTarget& target : targets.tensors) {
    (target.kind == TargetKind::kWeight ? weights : activations) += target.elements;
  }
  fmt::print("work    {:.3f} million multiply-accumulates a sample\n",
             static_cast<double>(macs) / 1e6);
  fmt::print("stored  {} weights ({}), {} activations ({}) as float32\n", weights,
             HumanBytes(4.0 * static_cast<double>(weights)), activations,
             HumanBytes(4.0 * static_cast<double>(activations)));
  fmt::print("\n{:<10} {:<40} {:<20} {:>10}\n", "kind", "tensor", "shape", "elements");
  for (const QuantTarget& target : targets.tensors) {
    fmt::print("{:<10} {:<40} {:<20} {:>10}\n",
               target.kind == TargetKind::kWeight ? "weight" : "activation", target.name,
               ShapeText(target.shape), target.elements);
  }
  PrintCoded(graph);
}

// What follows from shapes is not known where shapes follow from data.
int PrintOpen(const Graph& graph, const Error& why) {
  PrintHead(graph);
  fmt::print("work    not known before data is seen: {}\n", why.message);
  PrintCoded(graph);
  return 0;
}

Expected<int> Run(const Options& options) {
  BW_ASSIGN(const Graph graph, LoadNetwork(options.model));
  const Expected<QuantTargets> targets = FindTargets(graph);
  const bool open = !InputShapes(graph, 1) || !CountMacs(graph, 1);
  if (!targets && open && !options.json && !options.nodes) return PrintOpen(graph, targets.error());
  if (!targets) return Context(options.model, targets.error());
  BW_ASSIGN(const std::int64_t macs, CountMacs(graph, 1));
  if (options.nodes) {
    fmt::print("{}", ToText(graph));
  } else if (options.json) {
    Json json = {{"name", graph.name},
                 {"nodes", graph.nodes.size()},
                 {"macs", macs},
                 {"tensors", Json::array()}};
    for (const QuantTarget& target : targets->tensors)
      json["tensors"].push_back(TargetJson(target));
    fmt::print("{}\n", json.dump(2));
  } else {
    PrintSummary(graph, *targets, macs);
  }
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  AddModel(app, options->model);
  app.add_flag("--json", options->json, "print as JSON");
  app.add_flag("--nodes", options->nodes, "print the graph, a line a node");
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, info) = {
    "info", "shows a network: inputs, work, and the tensors that can be quantized", Prepare};

}  // namespace bw::commands
