#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "bitwright/base/text.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/options.h"
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

void PrintSummary(const Graph& graph, const QuantTargets& targets, std::int64_t macs) {
  std::map<std::string_view, int> ops;
  for (const Node& node : graph.nodes) ++ops[node.op->name];
  std::vector<std::string> counts;
  for (const auto& [name, count] : ops) counts.push_back(fmt::format("{} {}", count, name));
  fmt::print("{}\n", graph.name);
  for (const ValueId id : graph.inputs) {
    fmt::print("input   {} {}\n", graph.value(id).name, ShapeText(graph.value(id).type.shape));
  }
  for (const ValueId id : graph.outputs) fmt::print("output  {}\n", graph.value(id).name);
  std::int64_t weights = targets.float_weight_elements,
               activations = targets.float_activation_elements;
  for (const QuantTarget& target : targets.tensors) {
    (target.kind == TargetKind::kWeight ? weights : activations) += target.elements;
  }
  fmt::print("nodes   {} after folding: {}\n", graph.nodes.size(), fmt::join(counts, ", "));
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
}

Expected<int> Run(const Options& options) {
  BW_ASSIGN(const Graph graph, LoadNetwork(options.model));
  const Expected<QuantTargets> targets = FindTargets(graph);
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
