#include "bitwright/tune/plan_costs.h"

#include <gtest/gtest.h>

#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

Graph TwoBranches() {
  Network net;
  const ValueId x = net.Input("x", {-1, 2, 6, 6});
  const ValueId a = net.Op("Relu", {net.Conv(x, "a", {4, 2, 3, 3}, 1)}, "ra");
  const ValueId b = net.Op("Relu", {net.Conv(a, "b", {4, 4, 3, 3}, 2)}, "rb");
  const ValueId sum = net.Op("Relu", {net.Op("Add", {a, b}, "sum")}, "r");
  const ValueId flat = net.Op("Flatten", {sum}, "flat");
  return net.Finish({net.Linear(flat, "scores", 3, 4 * 36, 4)});
}

// The tables' totals are what the cost models say of the assignment's plan, for every quantity.
TEST(MakeCosts, AddUpToWhatTheModelsSayOfThePlan) {
  const Graph graph = TwoBranches();
  const QuantTargets targets = FindTargets(graph).value();
  const Dataset samples = MakeDataset(Random({60, 2, 6, 6}, 3), {});
  const TuneData data = SplitData({samples, {}, {}}, 1).value();
  TuneOptions options;
  options.weight_formats = ParseFormatList("int2..8").value();
  options.activation_formats = ParseFormatList("int3..8").value();
  options.sensitivity_samples = 8;
  TrialMap memo;
  const PlanSpace plans =
      PlanSpace::Create(graph, targets, data, *FindMetric("agreement"), options, memo, {}).value();
  const auto costs =
      std::make_shared<const LayerCosts>(LayerCosts::Create(graph, targets, nullptr).value());
  const std::vector<Quantity> quantities = {Quantity::kBytes, Quantity::kWeightBytes,
                                            Quantity::kActivationBytes, Quantity::kPeakBytes,
                                            Quantity::kBitOps};
  const SearchSpace space{plans.losses(), MakeCosts(plans, costs, quantities)};
  Rng rng(5);
  for (int trial = 0; trial < 50; ++trial) {
    Assignment assignment;
    for (std::size_t d = 0; d < space.decisions(); ++d)
      assignment.push_back(static_cast<std::size_t>(rng.Below(space.choices(d))));
    const std::vector<double> totals = Totals(space, assignment);
    const Cost cost = CostOf(*costs, targets, plans.PlanOf(assignment));
    for (std::size_t q = 0; q < quantities.size(); ++q)
      EXPECT_NEAR(totals[q], cost[quantities[q]].value(), 1e-9 * totals[q])
          << InfoOf(quantities[q]).name;
  }
}

}  // namespace
}  // namespace bw
