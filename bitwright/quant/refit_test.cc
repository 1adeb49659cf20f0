#include "bitwright/quant/refit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bitwright/base/rng.h"
#include "bitwright/quant/test_data.h"

namespace bw {
namespace {

using testing_data::RandomTensor;

LayerInputs RandomInputs(int channel_axis, std::int64_t groups, std::int64_t length,
                         std::int64_t count) {
  LayerInputs inputs{channel_axis, groups, length, count, {}};
  Rng rng(7);
  for (std::int64_t i = 0; i < groups * count * length; ++i)
    inputs.rows.push_back(static_cast<float>(rng.Normal() + 0.5));
  return inputs;
}

// The mean over vectors and channels of (W x - V y)^2, by plain loops; weights [channels, length].
double Error(const Tensor& w, const Tensor& v, const LayerInputs& x, const LayerInputs& y) {
  const std::int64_t channels = w.shape()[0], per_group = channels / x.groups;
  double sum = 0;
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t i = 0; i < x.count; ++i) {
      double error = 0;
      for (std::int64_t j = 0; j < x.length; ++j) {
        const auto e = static_cast<std::size_t>(c * x.length + j);
        const auto r = static_cast<std::size_t>((c / per_group * x.count + i) * x.length + j);
        error += static_cast<double>(w.span<float>()[e]) * static_cast<double>(x.rows[r]) -
                 static_cast<double>(v.span<float>()[e]) * static_cast<double>(y.rows[r]);
      }
      sum += error * error;
    }
  }
  return sum / static_cast<double>(x.count);
}

// y_0 = x_0 / 2, y_1 = x_1 + x_0, the rest as they are.
LayerInputs Mixed(LayerInputs x) {
  for (std::size_t r = 0; r < x.rows.size(); r += static_cast<std::size_t>(x.length)) {
    x.rows[r + 1] += x.rows[r];
    x.rows[r] /= 2;
  }
  return x;
}

TEST(Refit, UndoesALinearChangeOfItsInputs) {
  const Tensor w = RandomTensor({6, 5}, 1);
  const LayerInputs x = RandomInputs(0, 1, 5, 400), y = Mixed(x);
  const Tensor v = Refit(w, x, y, 1e-6);
  for (std::size_t c = 0; c < 6; ++c) {
    const std::span<const float> from = w.span<float>().subspan(5 * c, 5);
    const std::span<const float> to = v.span<float>().subspan(5 * c, 5);
    EXPECT_NEAR(to[0], 2 * (from[0] - from[1]), 1e-3);
    for (std::size_t j = 1; j < 5; ++j) EXPECT_NEAR(to[j], from[j], 1e-3);
  }
}

TEST(Refit, TakesEachGroupForItself) {
  const Tensor w = RandomTensor({6, 3}, 1);
  const LayerInputs x = RandomInputs(0, 3, 3, 200), y = Mixed(x);
  EXPECT_LT(Error(w, Refit(w, x, y, 1e-6), x, y), 1e-6);
}

TEST(Refit, ReadsWeightsWhoseColumnsAreChannels) {
  const Tensor w = RandomTensor({6, 5}, 1);
  Tensor turned(DType::kFloat32, {5, 6});
  for (std::size_t c = 0; c < 6; ++c) {
    for (std::size_t j = 0; j < 5; ++j)
      turned.span<float>()[j * 6 + c] = w.span<float>()[c * 5 + j];
  }
  LayerInputs x = RandomInputs(0, 1, 5, 50), y = Mixed(x);
  const Tensor straight = Refit(w, x, y, 0.01);
  x.channel_axis = y.channel_axis = 1;
  const Tensor fitted = Refit(turned, x, y, 0.01);
  for (std::size_t c = 0; c < 6; ++c) {
    for (std::size_t j = 0; j < 5; ++j)
      EXPECT_EQ(fitted.span<float>()[j * 6 + c], straight.span<float>()[c * 5 + j]);
  }
}

TEST(Refit, LeavesTheWeightWhereInputsAreAsTheyWere) {
  const Tensor w = RandomTensor({6, 5}, 1);
  const LayerInputs x = RandomInputs(0, 1, 5, 40);
  const Tensor v = Refit(w, x, x, 0.01);
  for (std::size_t i = 0; i < 30; ++i) EXPECT_NEAR(v.span<float>()[i], w.span<float>()[i], 1e-5);
}

// The optimum of the damped objective: any small step from it is uphill.
TEST(Refit, FindsTheLeastDampedError) {
  const double damping = 0.05;
  const Tensor w = RandomTensor({2, 4}, 1);
  const LayerInputs x = RandomInputs(0, 1, 4, 60);
  LayerInputs y = x;
  Rng rng(3);
  double energy = 0;
  for (float& value : y.rows) {
    value += static_cast<float>(0.3 * rng.Normal());
    energy += static_cast<double>(value) * static_cast<double>(value);
  }
  energy /= static_cast<double>(y.rows.size());
  const auto objective = [&](const Tensor& v) {
    double sum = Error(w, v, x, y);
    for (std::size_t i = 0; i < 8; ++i) {
      const double moved = static_cast<double>(w.span<float>()[i]) - v.span<float>()[i];
      sum += damping * energy * moved * moved;
    }
    return sum;
  };
  const Tensor v = Refit(w, x, y, damping);
  EXPECT_LT(objective(v), objective(w));
  for (std::size_t i = 0; i < 8; ++i) {
    for (const float step : {-0.01F, 0.01F}) {
      Tensor other = v;
      other.span<float>()[i] += step;
      EXPECT_GT(objective(other), objective(v));
    }
  }
}

TEST(Refit, StandsDeadSingularAndSingleInputs) {
  const Tensor w = RandomTensor({6, 5}, 1);
  for (const std::int64_t count : {1, 2, 50}) {
    LayerInputs x = RandomInputs(0, 1, 5, count), y = x;
    for (std::size_t r = 0; r < x.rows.size(); r += 5) {
      y.rows[r] = 0;                  // dead behind rounding
      y.rows[r + 1] = y.rows[r + 2];  // two that cannot be told apart
    }
    const Tensor v = Refit(w, x, y, 0.01);
    for (const float value : v.span<float>()) ASSERT_TRUE(std::isfinite(value));
    EXPECT_LE(Error(w, v, x, y), Error(w, w, x, y));
    y.rows.assign(y.rows.size(), 0.0F);
    const Tensor dead = Refit(w, x, y, 0.01);
    for (const float value : dead.span<float>()) ASSERT_TRUE(std::isfinite(value));
  }
}

TEST(BestDamping, TrustsManyVectorsAndWhatIsForeseenAndDoubtsAFewNoisyOnes) {
  const double dampings[] = {0.001, 0.1, 10};
  const Tensor w = RandomTensor({6, 5}, 1);
  const LayerInputs x = RandomInputs(0, 1, 5, 400);
  EXPECT_EQ(BestDamping(w, x, Mixed(x), dampings), 0.001);
  const Tensor wide = RandomTensor({6, 40}, 1);
  const LayerInputs few = RandomInputs(0, 1, 40, 24);
  LayerInputs noisy = few;
  Rng rng(3);
  for (float& value : noisy.rows) value += static_cast<float>(0.1 * rng.Normal());
  EXPECT_EQ(BestDamping(wide, few, noisy, dampings), 10);
  EXPECT_EQ(BestDamping(w, RandomInputs(0, 1, 5, 3), RandomInputs(0, 1, 5, 3), dampings), 10);
}

TEST(BiasShift, TakesUpWhatTheMeansLose) {
  const Tensor w = RandomTensor({4, 3}, 1), v = RandomTensor({4, 3}, 2);
  const LayerInputs x = RandomInputs(0, 2, 3, 30), y = Mixed(x);
  const std::vector<double> shift = BiasShift(w, MeansOf(x), v, MeansOf(y), x);
  for (std::size_t c = 0; c < 4; ++c) {
    double mean = 0;
    for (std::size_t i = 0; i < 30; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        const std::size_t r = (c / 2 * 30 + i) * 3 + j;
        mean += static_cast<double>(w.span<float>()[3 * c + j]) * static_cast<double>(x.rows[r]) -
                static_cast<double>(v.span<float>()[3 * c + j]) * static_cast<double>(y.rows[r]);
      }
    }
    EXPECT_NEAR(shift[c], mean / 30, 1e-5);
  }
  const LayerInputs centred = Centred(x, MeansOf(x));
  for (const double mean : MeansOf(centred)) EXPECT_NEAR(mean, 0, 1e-6);
}

}  // namespace
}  // namespace bw
