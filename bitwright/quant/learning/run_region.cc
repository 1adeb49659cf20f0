#include "bitwright/base/parallel.h"
#include "bitwright/quant/learning/reconstruct.h"
#include "bitwright/runtime/executor.h"

namespace bw {

Expected<Tensor> RunRegion(const Graph& graph, const Shape& input_shape, const Tensor& input,
                           int threads) {
  const std::int64_t chunk = ElementCount(input_shape);
  BW_CHECK(chunk > 0 && input.size() % chunk == 0);
  const std::int64_t chunks = input.size() / chunk;
  const auto wanted = static_cast<std::int64_t>(threads > 0 ? threads : DefaultThreads());
  std::vector<Executor> executors;
  for (std::int64_t i = 0; i < std::min(wanted, chunks); ++i) {
    BW_ASSIGN(Executor executor, Executor::Create(graph, {input_shape}, {Backend::kFast, false}));
    executors.push_back(std::move(executor));
  }
  Shape shape = executors[0].types().types[static_cast<std::size_t>(graph.outputs[0])].shape;
  const std::int64_t out_chunk = ElementCount(shape);
  shape[0] *= chunks;
  Tensor output(DType::kFloat32, shape);
  const std::span<float> to = output.span<float>();
  const std::span<const float> from = input.span<float>();
  ParallelFor(static_cast<std::size_t>(chunks), static_cast<int>(executors.size()),
              [&](std::size_t c, int worker) {
                Executor& executor = executors[static_cast<std::size_t>(worker)];
                const ConstTensorRef part{DType::kFloat32, input_shape,
                                          from.data() + c * static_cast<std::size_t>(chunk)};
                executor.Run({&part, 1});
                const auto result = executor.Output(0).span<float>();
                std::copy(result.begin(), result.end(),
                          to.begin() + static_cast<std::ptrdiff_t>(c) * out_chunk);
              });
  return output;
}

double RelativeError(const Tensor& values, const Tensor& reference, std::int64_t first) {
  const auto y = values.span<float>(), t = reference.span<float>();
  const std::int64_t row = reference.size() / std::max<std::int64_t>(1, reference.shape()[0]);
  double error = 0, square = 0;
  for (auto i = static_cast<std::size_t>(first * row); i < t.size(); ++i) {
    const auto wanted = static_cast<double>(t[i]), difference = static_cast<double>(y[i]) - wanted;
    error += difference * difference;
    square += wanted * wanted;
  }
  return square > 0 ? error / square : error;
}

}  // namespace bw
