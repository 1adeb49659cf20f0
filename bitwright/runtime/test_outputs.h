#pragma once
// For tests: what a graph of one input [-1,5,9,8] gives.

#include <vector>

#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/test_network.h"

namespace bw::testing_networks {

// Its float outputs on fixed random elements.
inline std::vector<std::vector<float>> Outputs(const Graph& graph, Backend backend) {
  const Tensor x = Random({3, 5, 9, 8}, 5, -1.5, 1.5);
  Executor executor = Executor::Create(graph, {x.shape()}, {backend, false}).value();
  executor.Run(std::vector<ConstTensorRef>{x});
  std::vector<std::vector<float>> outputs;
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const auto values = executor.Output(i).span<float>();
    outputs.emplace_back(values.begin(), values.end());
  }
  return outputs;
}

}  // namespace bw::testing_networks
