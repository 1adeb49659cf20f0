#include "bitwright/base/file.h"
#include "bitwright/cli/command.h"
#include "bitwright/tune/front.h"

namespace bw::commands {
namespace {

struct Options {
  std::string front, point, out;
};

Expected<int> Run(const Options& options) {
  const bool is_file = options.front.ends_with(".json");
  const std::string path = is_file ? options.front : options.front + "/pareto.json";
  BW_ASSIGN(const std::string text, ReadFile(path));
  BW_ASSIGN(const Front front, FrontFromJson(text, path));
  const Expected<std::size_t> picked = PickPoint(front, options.point);
  if (!picked) return Context(path, picked.error());
  const FrontPoint& point = front.points[*picked];
  BW_TRY(WriteFile(options.out, PlanToJson(point.plan)));
  const double scale = front.percent ? 100 : 1;
  fmt::print("point {}: {} {:.4g}{} ({:.4g} lost) on the search split", *picked + 1, front.metric,
             point.accuracy * scale, front.percent ? " %" : "",
             (front.float_accuracy - point.accuracy) * scale);
  for (const QuantityInfo& info : Quantities()) {
    if (point.cost[info.quantity]) fmt::print(", {} {:.6g}", info.name, *point.cost[info.quantity]);
  }
  fmt::print(
      "\nplan in {}; 'bitwright quantize MODEL --data DATA --plan {} -o OUT' makes the network\n",
      options.out, options.out);
  return 0;
}

CommandAction Prepare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("front", options->front, "folder that tune wrote, or its pareto.json")->required();
  app.add_option("point", options->point,
                 "a number of pareto.csv, or demands: 'bytes<=50k', 'drop<=0.5%,peak_bytes<=20k'")
      ->required();
  app.add_option("-o,--out", options->out, "file for the plan")->required();
  return [options] { return Run(*options); };
}

}  // namespace

BW_ENTRY(Command, pick) = {"pick", "chooses another plan of a search's front, without searching",
                           Prepare};

}  // namespace bw::commands
