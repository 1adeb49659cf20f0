#include <nlohmann/json.hpp>

#include "bitwright/cli/command.h"
#include "bitwright/cost/target.h"

namespace bw::commands {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string shown;
  bool json = false;
};

std::string Gives(const CostModel& model) {
  std::vector<std::string_view> names;
  for (const Quantity quantity : model.gives) names.push_back(InfoOf(quantity).name);
  return fmt::format("{}", fmt::join(names, ", "));
}

int List(const Options& options) {
  Json all = Json::array();
  for (const CostTarget& target : BuiltInTargets()) {
    if (options.json)
      all.push_back(Json::parse(TargetToJson(target)));
    else
      fmt::print("{:<20} {}\n{:<20}   model {}: {}\n", target.name, target.summary, "",
                 target.model->name, Gives(*target.model));
  }
  if (options.json)
    fmt::print("{}\n", all.dump(2));
  else
    fmt::print(
        "\n'targets show NAME' explains one and prints its JSON; the path of such a file of your "
        "own goes where a target's\nname does. Every target gives the quantities of storage and "
        "bitops as well.\n");
  return 0;
}

void Explain(const CostTarget& target) {
  const CostModel& model = *target.model;
  fmt::print("{}: {}\nnumbers  {}\nmodel    {}: {}\nsource   {}\ngives    {}\n", target.name,
             target.summary, target.source, model.name, model.summary, model.source, Gives(model));
  for (const ParameterRule& rule : model.parameters) {
    fmt::print("  {:<20} {:<24} {}\n", rule.name,
               fmt::format("{}", fmt::join(target.parameters.List(rule.name), ", ")), rule.meaning);
  }
  fmt::print("\n{}", TargetToJson(target));
}

Expected<int> Run(const Options& options) {
  if (options.shown.empty()) return List(options);
  BW_ASSIGN(const CostTarget target, FindTarget(options.shown));
  if (options.json)
    fmt::print("{}", TargetToJson(target));
  else
    Explain(target);
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--json", options->json, "print as JSON");
  CLI::App* show = app.add_subcommand("show", "what a target is, its numbers and where from");
  show->add_option("name", options->shown, "a target, or the path of a JSON file")->required();
  show->add_flag("--json", options->json, "print its JSON alone");
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, targets) = {"targets", "lists and explains the chips that costs are known for",
                              Prepare};

}  // namespace bw::commands
