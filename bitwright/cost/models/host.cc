// This machine: the sum of measured times of its kernels for the layer's shapes and arithmetic.

#include <map>
#include <mutex>
#include <set>

#include "bitwright/base/check.h"
#include "bitwright/cost/model.h"
#include "bitwright/cost/node_times.h"
#include "bitwright/runtime/isa.h"
#include "bitwright/runtime/machine.h"

namespace bw::cost_models {
namespace {

constexpr Quantity kGives[] = {Quantity::kLatencyNs};

class Host : public LayerModel {
 public:
  Cost Layer(const LayerView& view) const override {
    Cost cost;
    cost[Quantity::kLatencyNs] = Find(view).total_ns;
    return cost;
  }

  Breakdown Explain(const LayerView& view) const override {
    Breakdown figures;
    for (const auto& [op, ns] : Find(view).by_op) figures.emplace_back(op + "_ns", ns);
    return figures;
  }

 private:
  // The layer and the specs that its time depends on.
  static std::string KeyOf(const LayerView& view) {
    const LayerWork& layer = view.layer();
    std::set<std::size_t> tensors(layer.reader_weights.begin(), layer.reader_weights.end());
    for (const TensorIndex tensor : layer.inputs) {
      if (tensor) tensors.insert(*tensor);
    }
    if (layer.weight) tensors.insert(*layer.weight);
    if (layer.output) tensors.insert(*layer.output);
    std::string key = fmt::format("{}", view.index);
    for (const std::size_t t : tensors)
      key += " " + (view.specs[t] == nullptr ? "" : view.specs[t]->ToString());
    return key;
  }

  NodeTimes::Times Find(const LayerView& view) const {
    const std::string key = KeyOf(view);
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = layers_.find(key); found != layers_.end()) return found->second;
    }
    Expected<Piece> piece = MakePiece(view.work, view.index, view.specs);
    BW_CHECK(piece.has_value());
    Expected<NodeTimes::Times> times = times_.Of(*piece);
    BW_CHECK(times.has_value());
    const std::lock_guard lock(mutex_);
    return layers_.emplace(key, *std::move(times)).first->second;
  }

  mutable NodeTimes times_{CacheFile("host.json")};
  mutable std::mutex mutex_;
  mutable std::map<std::string, NodeTimes::Times> layers_;
};

Expected<std::unique_ptr<LayerModel>> Bind(const Parameters&) {
  BW_TRY(ObeyIsa());
  return std::make_unique<Host>();
}

}  // namespace

BW_ENTRY(CostModel, host) = {
    .name = "host",
    .summary = "this machine, one thread: measured times of each kernel and shape, added up",
    .source = "measured here when first asked for, kept with the processor's name",
    .gives = kGives,
    .reads = Reads::kReaders,
    .bind = Bind};

}  // namespace bw::cost_models
