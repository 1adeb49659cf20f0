// What is kept: bytes on disk and bytes of activations, all and at one time.

#include "bitwright/cost/model.h"
#include "bitwright/quant/stored_bytes.h"

namespace bw::cost_models {
namespace {

constexpr Quantity kGives[] = {Quantity::kBytes, Quantity::kWeightBytes, Quantity::kActivationBytes,
                               Quantity::kPeakBytes};

double TensorBytes(const LayerView& view, std::size_t tensor) {
  return static_cast<double>(StoredBytes(view.work.targets.tensors[tensor], view.specs[tensor]));
}

// A copy that a movement operator made is of another size than the tensor it has its format from.
double BufferBytes(const LayerView& view, const Buffer& buffer) {
  const QuantSpec* spec = buffer.tensor ? view.specs[*buffer.tensor] : nullptr;
  const std::int64_t bits = spec == nullptr ? 32 : spec->element.bits();
  return static_cast<double>((buffer.elements * bits + 7) / 8);
}

class Storage : public LayerModel {
 public:
  Cost Layer(const LayerView& view) const override {
    const LayerWork& layer = view.layer();
    auto weights = static_cast<double>(4 * layer.float_weight_elements);
    auto activations = static_cast<double>(4 * layer.float_activation_elements);
    for (const std::size_t t : layer.weights_owned) weights += TensorBytes(view, t);
    for (const std::size_t t : layer.activations_made) activations += TensorBytes(view, t);
    double alive = 0;
    for (const Buffer& buffer : view.work.buffers) {
      if (buffer.first <= view.index && view.index <= buffer.last)
        alive += BufferBytes(view, buffer);
    }
    Cost cost;
    cost[Quantity::kBytes] = weights + activations;
    cost[Quantity::kWeightBytes] = weights;
    cost[Quantity::kActivationBytes] = activations;
    cost[Quantity::kPeakBytes] = alive;
    return cost;
  }
};

Expected<std::unique_ptr<LayerModel>> Bind(const Parameters&) {
  return std::make_unique<Storage>();
}

}  // namespace

BW_ENTRY(CostModel, storage) = {
    .name = "storage",
    .summary = "bytes on disk, of all activations, and of those alive at one time",
    .source = "exact: the codes, scales and tables that are written; live ranges of the network",
    .gives = kGives,
    .reads = Reads::kAll,
    .bind = Bind};

}  // namespace bw::cost_models
