#include "bitwright/cli/format_compare.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bitwright/base/text.h"
#include "bitwright/cli/options.h"
#include "bitwright/data/npy.h"

namespace bw {
namespace {

Expected<FormatScore> Score(const Tensor& tensor, const QuantSpec& spec, std::string_view method) {
  BW_ASSIGN(const Grouping grouping, MakeGrouping(spec.grain, tensor.shape()));
  const std::span<const float> values = tensor.span<float>();
  BW_ASSIGN(const ReadySpec ready, ReadySpecFor(values, grouping, spec, method));
  BW_ASSIGN(const QTensor codes, Quantize(tensor, ready.spec, ready.params));
  const Tensor rounded = Dequantize(codes);
  FormatScore score{spec.ToString(), 0, 0, 0, 0};
  double power = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = static_cast<double>(values[i]);
    const double error = std::abs(value - static_cast<double>(rounded.span<float>()[i]));
    score.squared_error += error * error;
    score.largest_error = std::max(score.largest_error, error);
    power += value * value;
  }
  const auto count = static_cast<double>(values.size());
  score.sqnr_db = score.squared_error > 0 ? 10 * std::log10(power / score.squared_error)
                                          : std::numeric_limits<double>::infinity();
  score.squared_error /= count;
  const auto bytes =
      static_cast<double>(codes.bytes()) + static_cast<double>(TableBytes(ready.spec.element));
  score.bits = 8 * bytes / count;
  return score;
}

Expected<Tensor> ReadNpy(const std::string& path) {
  BW_ASSIGN(ByteSource bytes, ByteSource::OpenFile(path));
  BW_ASSIGN(const NpyArray array, NpyArray::Open(std::move(bytes)));
  std::vector<float> elements;
  for (std::size_t row = 0; row < array.rows(); ++row) {
    BW_ASSIGN(const Tensor part, array.ReadRow(row));
    if (part.dtype() == DType::kUint8) {
      for (const std::uint8_t x : part.span<std::uint8_t>()) elements.push_back(x);
    } else {
      elements.insert(elements.end(), part.span<float>().begin(), part.span<float>().end());
    }
  }
  return Tensor::From<float>(array.shape(), elements);
}

Expected<NamedTensor> ReadConstant(const std::string& path, const std::string& name) {
  BW_ASSIGN(const Graph graph, ImportNetwork(path));
  const Value* found = nullptr;
  std::vector<std::string> names;
  for (const Value& value : graph.values) {
    if (!value.constant || value.constant->dtype() != DType::kFloat32) continue;
    names.push_back(value.name);
    const bool larger = found == nullptr || value.constant->size() > found->constant->size();
    if (name.empty() ? larger : value.name == name) found = &value;
  }
  if (found != nullptr) return NamedTensor{found->name, *found->constant};
  if (names.empty()) return Fail("{}: has no float constant", path);
  return FailUsage("--tensor: '{}' has no constant '{}'; nearest is '{}'", path, name,
                   Nearest(name, names));
}

}  // namespace

Expected<std::vector<FormatScore>> CompareFormats(const Tensor& tensor,
                                                  const std::vector<QuantSpec>& specs,
                                                  std::string_view method) {
  std::vector<FormatScore> scores;
  for (const QuantSpec& spec : specs) {
    Expected<FormatScore> score = Score(tensor, spec, method);
    if (!score) return Context("spec '" + spec.ToString() + "'", score.error());
    scores.push_back(*std::move(score));
  }
  std::stable_sort(scores.begin(), scores.end(), [](const FormatScore& a, const FormatScore& b) {
    return a.squared_error < b.squared_error;
  });
  return scores;
}

Expected<NamedTensor> LoadTensor(const std::string& path, const std::string& name) {
  NamedTensor loaded;
  if (path.ends_with(".npy")) {
    BW_ASSIGN(Tensor tensor, ReadNpy(path));
    loaded = {path, std::move(tensor)};
  } else if (path.ends_with(".onnx") || path.ends_with(".tflite")) {
    BW_ASSIGN(loaded, ReadConstant(path, name));
  } else {
    return FailUsage("--on: '{}' is neither .npy nor .onnx nor .tflite", path);
  }
  for (const float x : loaded.tensor.span<float>()) {
    if (!std::isfinite(x)) return Fail("{}: '{}' has NaN or infinite elements", path, loaded.name);
  }
  if (loaded.tensor.size() == 0) return Fail("{}: '{}' is empty", path, loaded.name);
  return loaded;
}

}  // namespace bw
