#pragma once
// For tests: small networks made field by field, and the numbers of the operators in them.

#include <string>
#include <vector>

#include "bitwright/tflite/test_file.h"

namespace bw::tflite {

inline constexpr int kAdd = 0, kAveragePool = 1, kConcat = 2, kConv = 3, kDepthwise = 4, kFull = 9,
                     kRelu = 19, kReshape = 22, kSoftmax = 25, kTranspose = 39;
inline constexpr std::int8_t kNone = 0;  // no activation

inline std::vector<float> Sequence(std::size_t count, float step = 0.25F) {
  std::vector<float> elements(count);
  for (std::size_t i = 0; i < count; ++i) {
    elements[i] = step * static_cast<float>(static_cast<int>(i * 7 % 23) - 11);
  }
  return elements;
}

// Padding SAME or VALID, strides, activation.
inline std::vector<Option> ConvOptions(bool same, int stride, int activation) {
  return {{0, static_cast<std::int8_t>(same ? 0 : 1)},
          {1, std::int32_t{stride}},
          {2, std::int32_t{stride}},
          {3, static_cast<std::int8_t>(activation)}};
}

// input [1,5,6,2] -> CONV_2D 3x3 SAME stride 2 relu -> CONV_2D 1x1 -> AVERAGE_POOL -> RESHAPE ->
// FULLY_CONNECTED -> SOFTMAX.
inline TestFile Classifier() {
  TestFile file;
  const int x = file.Add({"x", ElementType::kFloat32, {1, 5, 6, 2}, {-1, 5, 6, 2}});
  const int w = file.Weights({3, 3, 3, 2}, Sequence(54)), b = file.Weights({3}, {1, -2, 3});
  const int v = file.Weights({4, 1, 1, 3}, Sequence(12)), m = file.Weights({5, 4}, Sequence(20));
  const int first = file.Real({1, 3, 3, 3}), second = file.Real({1, 3, 3, 4});
  const int pooled = file.Real({1, 1, 1, 4}), flat = file.Real({1, 4});
  const int sums = file.Real({1, 5}), y = file.Real({1, 5});
  file.tensor(y).name = "y";
  file.Op(kConv, {x, w, b}, {first}, 1, ConvOptions(true, 2, 1));
  file.Op(kConv, {first, v, -1}, {second}, 1, ConvOptions(false, 1, 0));
  file.Op(kAveragePool, {second}, {pooled}, 5,
          {{0, std::int8_t{1}}, {1, 1}, {2, 1}, {3, 3}, {4, 3}, {5, std::int8_t{0}}});
  file.Op(kReshape, {pooled, file.Ints({-1, 4})}, {flat}, 0);
  file.Op(kFull, {flat, m, -1}, {sums}, 8, {{0, std::int8_t{0}}});
  file.Op(kSoftmax, {sums}, {y}, 9, {{0, 1.0F}});
  file.inputs = {x};
  file.outputs = {y};
  return file;
}

// x -> FULLY_CONNECTED on int8, the graph's input and output being real numbers.
inline TestFile IntegerLayer() {
  TestFile file;
  const int x = file.Codes({1, 2}, 0.5F, 3), y = file.Codes({1, 2}, 0.25F, -10);
  const int w = file.Constant<std::int8_t>(ElementType::kInt8, {2, 2}, {1, -2, 3, 4});
  const int b = file.Constant<std::int32_t>(ElementType::kInt32, {2}, {5, -7});
  file.tensor(w).scales = {0.125F};
  file.tensor(w).zeros = {0};
  file.Op(kFull, {x, w, b}, {y}, 8, {{0, kNone}});
  file.inputs = {x};
  file.outputs = {y};
  return file;
}

}  // namespace bw::tflite
