#include "bitwright/quant/region_walk.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "bitwright/base/memory.h"
#include "bitwright/quant/learning/region.h"
#include "bitwright/runtime/work.h"

namespace bw {
namespace {

constexpr double kMostBytes = 1.5e9;
constexpr double kMostSamples = 512, kLeastSamples = 32;

std::size_t Index(std::int64_t i) { return static_cast<std::size_t>(i); }

// Bytes of one element of a row: before and behind a region, of both networks.
constexpr double kBytesHeld = 4 * sizeof(float);

double HeldElements() {
  return std::min(kMostBytes, static_cast<double>(FreeMemory()) / 4) / kBytesHeld;
}

bool IsLayer(const Node& node) {
  return node.op->role == OpRole::kCompute && node.op->weight_input >= 0;
}

// The rows as the graph's first input takes them.
Dataset AsRows(Tensor rows, const Graph& graph, const InferredTypes& types) {
  Shape shape = types.types[Index(graph.inputs[0])].shape;
  shape[0] = rows.size() / (ElementCount(shape) / shape[0]);
  rows.Reshape(shape);
  return Dataset::FromRows(std::move(rows));
}

// The first output for every row.
Expected<Tensor> Outputs(Runner& runner, const Dataset& data) {
  Tensor outputs;
  std::once_flag made;
  const auto visit = [&](const Chunk& chunk, Executor& executor) -> Expected<void> {
    const ConstTensorRef output = Runner::Rows(chunk, executor.Output(0));
    const std::int64_t row = output.size() / chunk.rows;
    std::call_once(made, [&] {
      Shape all(output.shape);
      all[0] = static_cast<std::int64_t>(data.size());
      outputs = Tensor(DType::kFloat32, all);
    });
    const std::span<const float> from = output.span<float>();
    std::copy(
        from.begin(), from.end(),
        outputs.span<float>().begin() + static_cast<std::ptrdiff_t>(chunk.first_sample) * row);
    return {};
  };
  BW_TRY(runner.ForEachChunk(data, visit));
  return outputs;
}

}  // namespace

Expected<RegionWalk> RegionWalk::Create(const Graph& wanted, const Graph& given,
                                        const Dataset& data, double macs) {
  RegionWalk walk(wanted, given);
  BW_ASSIGN(const Runner whole, Runner::Create(given, data, {1, Backend::kFast, false}));
  const auto rows = static_cast<std::int64_t>(whole.chunk_samples()) * data.rows_per_sample();
  walk.given_types_ = whole.types();
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(wanted, rows));
  BW_ASSIGN(walk.wanted_types_, InferTypes(wanted, shapes));
  const double per_sample = static_cast<double>(data.rows_per_sample());
  const double input = static_cast<double>(ElementCount(data.row_shape())) * per_sample;
  double samples = std::min(static_cast<double>(data.size()), kMostSamples);
  samples = std::min(samples, std::max(1.0, HeldElements() / input));
  BW_TRY(walk.FindCuts(HeldElements() / (samples * per_sample)));
  BW_ASSIGN(const double cost, walk.Cost());
  samples = std::min(samples, std::max(kLeastSamples, macs / (cost * per_sample)));
  walk.samples_ = static_cast<std::size_t>(samples);
  BW_ASSIGN(Tensor read, data.Batch(0, walk.samples_));
  walk.wanted_rows_ = AsRows(std::move(read), wanted, walk.wanted_types_);
  walk.given_rows_ = walk.wanted_rows_;
  return walk;
}

// A region without a layer belongs to the one before it.
Expected<void> RegionWalk::FindCuts(double most) {
  const std::vector<ValueId> found = FindRowCuts(*wanted_, wanted_types_, most);
  if (found.empty()) {
    cuts_ = {wanted_->inputs[0]};
    return {};
  }
  const std::vector<int> producers = Producers(*wanted_);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto from = wanted_->nodes.begin() + producers[Index(found[i])] + 1;
    const auto to = i + 1 < found.size()
                        ? wanted_->nodes.begin() + producers[Index(found[i + 1])] + 1
                        : wanted_->nodes.end();
    if (i == 0 || std::any_of(from, to, IsLayer)) cuts_.push_back(found[i]);
  }
  return {};
}

std::vector<ValueId> RegionWalk::OutputsOf(std::size_t region) const {
  if (region + 1 < cuts_.size()) return {cuts_[region + 1]};
  return wanted_->outputs;
}

// Multiply-accumulates of one row: both networks up to each layer, and once more to go on.
Expected<double> RegionWalk::Cost() const {
  const auto rows = static_cast<double>(wanted_types_.types[Index(wanted_->inputs[0])].shape[0]);
  double cost = 1;
  for (std::size_t region = 0; region < cuts_.size(); ++region) {
    BW_ASSIGN(const Graph part, CutOut(*wanted_, wanted_types_, cuts_[region], OutputsOf(region)));
    BW_ASSIGN(const std::int64_t macs, CountMacs(part, static_cast<std::int64_t>(rows)));
    const auto layers = std::count_if(part.nodes.begin(), part.nodes.end(), IsLayer);
    cost += static_cast<double>(macs) / rows * static_cast<double>(layers + 2);
  }
  return cost;
}

Expected<WalkedRegion> RegionWalk::Next() {
  BW_CHECK(!AtEnd());
  const std::vector<ValueId> outputs = OutputsOf(next_);
  BW_ASSIGN(Graph wanted, CutOut(*wanted_, wanted_types_, cuts_[next_], outputs));
  BW_ASSIGN(Graph given, CutOut(*given_, given_types_, cuts_[next_], outputs));
  return WalkedRegion{std::move(wanted), std::move(given), *std::exchange(wanted_rows_, {}),
                      *std::exchange(given_rows_, {})};
}

Expected<void> RegionWalk::Leave(const WalkedRegion& region, Runner& wanted, Runner& given) {
  if (++next_ == cuts_.size()) return {};
  BW_ASSIGN(Tensor wanted_rows, Outputs(wanted, region.wanted_rows));
  BW_ASSIGN(Tensor given_rows, Outputs(given, region.given_rows));
  wanted_rows_ = Dataset::FromRows(std::move(wanted_rows));
  given_rows_ = Dataset::FromRows(std::move(given_rows));
  return {};
}

}  // namespace bw
