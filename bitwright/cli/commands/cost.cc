#include "bitwright/cost/cost.h"

#include <nlohmann/json.hpp>

#include "bitwright/base/file.h"
#include "bitwright/cli/command.h"
#include "bitwright/cli/options.h"
#include "bitwright/quant/spec_for.h"

namespace bw::commands {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model, target = "storage", plan, weights, activations;
  bool json = false;
};

// One spec for every weight and one for every activation; without one they stay float32.
Expected<Plan> UniformPlan(const Options& options, const QuantTargets& targets) {
  Plan plan;
  plan.network = Fingerprint(targets);
  for (const QuantTarget& target : targets.tensors) {
    const bool weight = target.kind == TargetKind::kWeight;
    const std::string& text = weight ? options.weights : options.activations;
    if (text.empty()) continue;
    Expected<QuantSpec> spec =
        weight ? WeightSpec(text, target) : ActivationSpec(text, ActivationStatistics());
    if (!spec) {
      return FailUsage("{}: {}", weight ? "--weights" : "--activations", spec.error().message);
    }
    plan.tensors.emplace(target.name, TensorPlan{*std::move(spec), "mse", std::nullopt});
  }
  return plan;
}

Expected<Plan> ReadPlan(const Options& options, const QuantTargets& targets) {
  if (options.plan.empty()) return UniformPlan(options, targets);
  if (!options.weights.empty() || !options.activations.empty())
    return FailUsage("--plan and --weights or --activations exclude each other; give one of them");
  BW_ASSIGN(const std::string text, ReadFile(options.plan));
  BW_ASSIGN(Plan plan, PlanFromJson(text, options.plan));
  BW_TRY(CheckPlan(plan, targets, options.plan));
  return plan;
}

// A layer as it is printed.
struct Row {
  std::string name, op, formats;
  std::int64_t macs = 0;
  Cost cost;
  Breakdown breakdown;
};

std::string FormatName(const Operand& operand) {
  return operand.format == nullptr ? "float32" : operand.format->name;
}

Row MakeRow(const LayerCosts& costs, std::size_t index, SpecChoice specs) {
  const LayerWork& layer = costs.work().layers[index];
  const Operands operands = costs.OperandsOf(index, specs);
  Row row{layer.name, layer.op, FormatName(operands.output), layer.macs, {}, {}};
  if (layer.macs > 0) {
    row.formats = fmt::format("{} x {} -> {}", FormatName(operands.input),
                              FormatName(operands.weight), row.formats);
  }
  row.cost = costs.Layer(index, specs);
  row.breakdown = costs.Explain(index, specs);
  return row;
}

Json ToJson(const Cost& cost) {
  Json json = Json::object();
  for (const QuantityInfo& info : Quantities()) {
    if (const std::optional<double>& value = cost[info.quantity])
      json[std::string(info.name)] = *value;
  }
  return json;
}

Json ToJson(const Row& row) {
  Json json = {{"name", row.name}, {"op", row.op}, {"formats", row.formats}, {"macs", row.macs}};
  json["cost"] = ToJson(row.cost);
  for (const auto& [name, value] : row.breakdown) json["breakdown"][name] = value;
  return json;
}

std::string Cells(const Cost& cost, std::span<const Quantity> shown) {
  std::string cells;
  for (const Quantity quantity : shown) {
    const std::optional<double>& value = cost[quantity];
    cells += value ? fmt::format(" {:>16.6g}", *value) : fmt::format(" {:>16}", "");
  }
  return cells;
}

void Print(const CostTarget& target, const std::vector<Row>& rows, const Cost& total) {
  fmt::print("{}: {} (model {}: {})\n\n{:<40} {:<18} {:<34} {:>12}", target.name, target.summary,
             target.model->name, target.model->source, "layer", "op", "input x weight -> output",
             "macs");
  const auto shown = target.model->gives;
  for (const Quantity quantity : shown) fmt::print(" {:>16}", InfoOf(quantity).name);
  fmt::print("  breakdown\n");
  std::int64_t macs = 0;
  for (const Row& row : rows) {
    std::vector<std::string> figures;
    for (const auto& [name, value] : row.breakdown)
      figures.push_back(fmt::format("{} {:.6g}", name, value));
    fmt::print("{:<40} {:<18} {:<34} {:>12}{}  {}\n", row.name, row.op, row.formats, row.macs,
               Cells(row.cost, shown), fmt::join(figures, ", "));
    macs += row.macs;
  }
  fmt::print("{:<40} {:<18} {:<34} {:>12}{}\n\n", "network", "", "", macs, Cells(total, shown));
  for (const QuantityInfo& info : Quantities()) {
    if (total[info.quantity])
      fmt::print("{:<18} {:>18.9g}  {}\n", info.name, *total[info.quantity], info.meaning);
  }
}

Expected<int> Run(const Options& options) {
  BW_ASSIGN(const CostTarget target, FindTarget(options.target));
  BW_ASSIGN(const Graph graph, LoadNetwork(options.model));
  const Expected<QuantTargets> targets = FindTargets(graph);
  if (!targets) return Context(options.model, targets.error());
  BW_ASSIGN(const Plan plan, ReadPlan(options, *targets));
  BW_ASSIGN(const LayerCosts costs, LayerCosts::Create(graph, *targets, &target));
  const std::vector<const QuantSpec*> specs = ChoiceOf(plan, *targets);
  std::vector<Row> rows;
  for (std::size_t layer = 0; layer < costs.layers(); ++layer)
    rows.push_back(MakeRow(costs, layer, specs));
  const Cost total = costs.Total(specs);
  if (!options.json) {
    Print(target, rows, total);
    return 0;
  }
  Json json = {{"network", options.model}, {"target", target.name}, {"model", target.model->name}};
  for (const Row& row : rows) json["layers"].push_back(ToJson(row));
  json["total"] = ToJson(total);
  fmt::print("{}\n", json.dump(2));
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  AddModel(app, options->model);
  app.add_option("--target", options->target,
                 "a chip that 'bitwright targets' lists, or the path of a JSON file (storage)");
  app.add_option("--plan", options->plan, "the formats: a plan.json");
  app.add_option("--weights", options->weights, "or one spec of every weight (float32)");
  app.add_option("--activations", options->activations, "and one of every activation (float32)");
  app.add_flag("--json", options->json, "print as JSON");
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, cost) = {"cost", "what a network costs on a chip under a plan, layer by layer",
                           Prepare};

}  // namespace bw::commands
