#include "bitwright/graph/interpret.h"

#include <gtest/gtest.h>

#include "bitwright/graph/op.h"

namespace bw {
namespace {

// A body of Loop that changes nothing: (iteration, condition) -> condition.
Graph Idle() {
  Graph body;
  const ValueId iteration = body.AddValue("iteration", {DType::kInt64, {}});
  const ValueId going = body.AddValue("going", {DType::kBool, {}});
  body.inputs = {iteration, going};
  body.outputs = {going};
  return body;
}

// Adds a loop that runs `body` while true, at most `trips` times; none: without a limit.
void AddLoop(Graph& graph, const std::string& name, Graph body,
             const std::optional<std::int64_t>& trips) {
  Node loop;
  loop.name = name;
  loop.op = FindOp("Loop");
  loop.inputs = {kNoValue, kNoValue};
  if (trips)
    loop.inputs[0] =
        graph.AddConstant(name + ".trips", Tensor::From<std::int64_t>({}, std::vector{*trips}));
  loop.attributes.graphs["body"] = std::make_shared<Subgraph>(Subgraph{std::move(body), {}});
  graph.nodes.push_back(std::move(loop));
}

std::string Outcome(const Graph& graph) {
  const auto outputs = Interpret(graph, {}, RunReference);
  return outputs ? "ended" : outputs.error().message;
}

TEST(Interpret, ALoopEndsAfterItsTrips) {
  Graph graph;
  AddLoop(graph, "loop", Idle(), 1000);
  EXPECT_EQ(Outcome(graph), "ended");
}

TEST(Interpret, ALoopWithoutAnEndIsRefusedByName) {
  Graph graph;
  AddLoop(graph, "forever", Idle(), std::nullopt);
  EXPECT_EQ(Outcome(graph),
            "node 'forever' (Loop): has run 1048576 times without an end, at most that many "
            "iterations are allowed");
}

TEST(Interpret, LoopsInALoopEndTogether) {
  Graph body = Idle();
  AddLoop(body, "inner", Idle(), 100'000);
  Graph graph;
  AddLoop(graph, "outer", body, 100'000);
  EXPECT_EQ(Outcome(graph),
            "node 'outer' (Loop): node 'inner' (Loop): has run graphs 1048576 times without an "
            "end, at most that many runs are allowed");
}

}  // namespace
}  // namespace bw
