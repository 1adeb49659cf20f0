#include "bitwright/quant/layer_errors.h"

#include <gtest/gtest.h>

#include "bitwright/quant/test_data.h"
#include "bitwright/runtime/test_network.h"

namespace bw {
namespace {

using testing_data::MakeDataset;
using testing_networks::Network;
using testing_networks::Random;

// The same network for its own number of rows, or for any.
Graph OneLayer(std::int64_t rows, std::uint64_t seed) {
  Network net;
  const ValueId x = net.Input("x", {rows, 2, 4, 4});
  return net.Finish({net.Conv(x, "y", {3, 2, 3, 3}, seed)});
}

std::vector<LayerError> Errors(std::int64_t rows, std::int64_t samples) {
  const auto errors = LayerErrors(OneLayer(rows, 1), OneLayer(rows, 2), {},
                                  MakeDataset(Random({samples, 2, 4, 4}, 3)), 2);
  EXPECT_TRUE(errors.has_value()) << (errors ? "" : errors.error().message);
  return errors.value_or(std::vector<LayerError>());
}

TEST(LayerErrors, AreThoseOfNetworksWithAFixedBatchToo) {
  const std::vector<LayerError> any = Errors(-1, 16), one = Errors(1, 16);
  ASSERT_EQ(any.size(), 1U);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].layer, "y");
  EXPECT_GT(any[0].error, 0.1);
  EXPECT_NEAR(one[0].error, any[0].error, 1e-6 * any[0].error);
}

TEST(LayerErrors, AreMeasuredOnFewerSamplesThanABatch) {
  ASSERT_EQ(Errors(-1, 3).size(), 1U);
  EXPECT_GT(Errors(-1, 3)[0].error, 0.1);
}

}  // namespace
}  // namespace bw
