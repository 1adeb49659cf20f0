#include "bitwright/quant/rounding.h"

#include <xxhash.h>

#include <string>

namespace bw {
namespace {

std::size_t Index(ValueId id) { return static_cast<std::size_t>(id); }

ValueKey Digest(const std::string& bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

template <typename T>
void Append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void Append(std::string& bytes, const ActivationQuantizer& quantizer) {
  bytes += quantizer.spec.ToString();
  for (const float scale : quantizer.params.scales) Append(bytes, scale);
  for (const std::int32_t zero : quantizer.params.zeros) Append(bytes, zero);
}

ValueKey OfConstant(const Tensor& elements) {
  const XXH128_hash_t hash = XXH3_128bits(ConstTensorRef(elements).data, elements.bytes());
  return {hash.high64, hash.low64};
}

}  // namespace

void Set(Executor& executor, const Rounding& rounding) {
  for (const auto& [id, tensor] : rounding.constants) executor.SetConstant(id, tensor);
  for (const auto& [id, quantizer] : rounding.quantizers) executor.SetQuantizer(id, quantizer);
}

void Unset(Executor& executor, const Rounding& rounding) {
  for (const auto& [id, tensor] : rounding.constants) executor.SetConstant(id, nullptr);
  for (const auto& [id, quantizer] : rounding.quantizers) executor.SetQuantizer(id, nullptr);
}

std::vector<ValueKey> ValueKeys(const Graph& graph, const Rounding& rounding) {
  std::vector<ValueKey> keys(graph.values.size());
  for (std::size_t v = 0; v < keys.size(); ++v) keys[v].low = v;
  for (const auto& [id, tensor] : rounding.constants) keys[Index(id)] = OfConstant(*tensor);
  const auto round = [&](ValueId id, std::string from) {
    const auto quantizer = rounding.quantizers.find(id);
    if (quantizer != rounding.quantizers.end()) Append(from, *quantizer->second);
    keys[Index(id)] = Digest(from);
  };
  for (const ValueId id : graph.inputs) round(id, std::to_string(id));
  for (const Node& node : graph.nodes) {
    std::string from;
    for (const ValueId id : node.inputs)
      Append(from, id == kNoValue ? ValueKey{} : keys[Index(id)]);
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) round(id, from + std::to_string(id));
    }
  }
  return keys;
}

}  // namespace bw
