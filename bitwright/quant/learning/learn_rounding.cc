#include "bitwright/quant/learning/learn_rounding.h"

#include <algorithm>
#include <cmath>

#include "bitwright/base/rng.h"
#include "bitwright/quant/bias_correction.h"
#include "bitwright/quant/learning/region.h"

namespace bw {
namespace {

constexpr std::int64_t kBatch = 32;       // rows of one step
constexpr std::int64_t kMostRows = 1024;  // that are learned from
constexpr int kLeastSteps = 100, kMostSteps = 1500;

std::size_t Index(std::int64_t i) { return static_cast<std::size_t>(i); }

// A stretch of the network between two cuts.
struct Stretch {
  ValueId input = kNoValue, output = kNoValue;
  int weights = 0;             // that are learned
  double macs = 0;             // of one row, forward
  double elements = 0;         // of learned weights
  double largest = 0;          // elements of the largest value, of one row
  double in_and_out = 0;       // elements of input and output, of one row
  std::vector<Stretch> parts;  // that it was joined from; empty: it was not
};

class Learner {
 public:
  Learner(const Graph& graph, const QuantTargets& targets, const Plan& plan,
          const LearningOptions& options)
      : float_(graph), targets_(targets), options_(options), learned_{plan, {}, {}} {}

  Expected<Learned> Run(const WeightCodes& start, const Dataset& data, const Progress& progress) {
    BW_ASSIGN(rounded_, ApplyPlan(float_, targets_, learned_.plan, start));
    biases_ = OwnBiases(rounded_);
    learned_.codes = start;
    for (std::size_t t = 0; t < targets_.tensors.size(); ++t) {
      const ValueId id = targets_.tensors[t].value;
      if (start[t]) float_weights_[id] = &*float_.value(id).constant;
    }
    BW_TRY(FindStretches(static_cast<std::int64_t>(data.size()) * data.rows_per_sample()));
    BW_TRY(ReadSamples(data));
    const int steps = AffordableSteps();
    double done = 0, all = 1e-9;
    for (const Stretch& stretch : stretches_) all += Cost(stretch);
    for (const Stretch& stretch : stretches_) {
      if (progress) progress("learning to round", done / all);
      BW_TRY(Learn(stretch, steps));
      done += Cost(stretch);
    }
    WritePlan();
    return std::move(learned_);
  }

 private:
  Expected<void> FindStretches(std::int64_t rows);
  Expected<Stretch> Measure(ValueId input, ValueId output) const;
  void Join();
  Expected<void> ReadSamples(const Dataset& data);
  Expected<void> Learn(const Stretch& stretch, int steps);
  Expected<void> LearnParts(const Stretch& stretch, int steps);
  Expected<void> LearnRegion(const Stretch& stretch, const RegionData& data, int steps,
                             RegionReport& report);
  void Keep(const Graph& region);
  void WritePlan();

  // Multiply-accumulates of one step and row, forward and backward; a weight's own bookkeeping
  // costs about as much as 40 of them, spread over the batch.
  static double Cost(const Stretch& stretch) {
    return stretch.weights == 0 ? 0 : 3 * stretch.macs + 40 * stretch.elements / kBatch;
  }
  int AffordableSteps() const {
    double all = 1;
    for (const Stretch& stretch : stretches_) all += Cost(stretch) * kBatch;
    return static_cast<int>(
        std::clamp(options_.macs / all, double{kLeastSteps}, double{kMostSteps}));
  }
  // Rows of one chunk: the tensors of a chunk stay near the cache, and shapes are those that the
  // network takes.
  std::int64_t ChunkRows(const Stretch& stretch) const {
    if (fixed_rows_ > 0) return fixed_rows_;
    constexpr double kElements = 1 << 20;
    std::int64_t rows = 8;
    while (rows > 1 && static_cast<double>(rows) * stretch.largest > kElements) rows /= 2;
    return rows;
  }
  // Of inputs and outputs of all rows; both networks are held.
  double HeldElements() const { return options_.memory_bytes / (2 * sizeof(float)); }
  Expected<InferredTypes> TypesAt(const Graph& graph, std::int64_t rows) const {
    BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(graph, rows));
    return InferTypes(graph, shapes);
  }

  const Graph& float_;
  const QuantTargets& targets_;
  const LearningOptions& options_;
  Learned learned_;
  Graph rounded_;
  std::vector<LayerBias> biases_;
  std::map<ValueId, const Tensor*> float_weights_;
  std::vector<Stretch> stretches_;
  std::int64_t fixed_rows_ = 0;       // of a network that takes no other batch; else 0
  Tensor rounded_rows_, float_rows_;  // before the next stretch, of both networks
};

Expected<Stretch> Learner::Measure(ValueId input, ValueId output) const {
  BW_ASSIGN(const InferredTypes types, TypesAt(float_, 1));
  BW_ASSIGN(const Graph part, CutOut(float_, types, input, {output}));
  const auto size = [&](ValueId id) {
    const Shape& shape = types.types[Index(id)].shape;
    return static_cast<double>(ElementCount(shape)) /
           static_cast<double>(std::max<std::int64_t>(1, fixed_rows_));
  };
  Stretch stretch;
  stretch.input = input;
  stretch.output = output;
  stretch.in_and_out = size(input) + size(output);
  for (const Node& node : part.nodes) {
    std::vector<TensorType> inputs, outputs;
    for (const ValueId id : node.inputs)
      inputs.push_back(id == kNoValue ? TensorType{} : types.types[Index(id)]);
    for (const ValueId id : node.outputs) {
      outputs.push_back(id == kNoValue ? TensorType{} : types.types[Index(id)]);
      if (id != kNoValue) stretch.largest = std::max(stretch.largest, size(id));
    }
    if (node.op->macs != nullptr) {
      stretch.macs += static_cast<double>(node.op->macs(node, inputs, outputs)) /
                      static_cast<double>(std::max<std::int64_t>(1, fixed_rows_));
    }
    if (node.op->role != OpRole::kCompute || node.op->weight_input < 0) continue;
    const ValueId weight = node.inputs[Index(node.op->weight_input)];
    if (!float_weights_.contains(weight)) continue;
    ++stretch.weights;
    stretch.elements += static_cast<double>(part.value(weight).constant->size());
  }
  return stretch;
}

// Between activations that are stored, so that what follows a layer element by element is learned
// with it, and narrow enough that as many rows as wanted can be held.
Expected<void> Learner::FindStretches(std::int64_t rows) {
  BW_ASSIGN(const std::vector<Shape> once, InputShapes(float_, 4));
  if (once.size() != 1) return Fail("the network has {} inputs, data sets give one", once.size());
  fixed_rows_ = once[0][0] == 4 ? 0 : once[0][0];
  BW_ASSIGN(const InferredTypes types, InferTypes(float_, once));
  std::vector<ValueId> ends;
  const double wanted = std::min(static_cast<double>(rows), static_cast<double>(kMostRows));
  const std::vector<ValueId> cuts = FindRowCuts(float_, types, HeldElements() / 2 / wanted);
  for (const ValueId id : cuts) {
    const bool stored = std::any_of(
        targets_.tensors.begin(), targets_.tensors.end(), [&](const QuantTarget& target) {
          return target.value == id && target.kind == TargetKind::kActivation;
        });
    if (stored || id == cuts.front() || id == cuts.back()) ends.push_back(id);
  }
  for (std::size_t i = 1; i < ends.size(); ++i) {
    BW_ASSIGN(Stretch stretch, Measure(ends[i - 1], ends[i]));
    stretches_.push_back(stretch);
  }
  Join();
  if (!stretches_.empty()) return {};
  return Fail("no value of the network is one that every path passes; nothing can be learned");
}

void Learner::Join() {
  std::vector<Stretch> joined;
  for (const Stretch& next : stretches_) {
    const bool fits = !joined.empty() && joined.back().weights > 0 && next.weights > 0 &&
                      joined.back().weights + next.weights <= options_.layers_per_region;
    if (!fits) {
      joined.push_back(next);
      continue;
    }
    Stretch& last = joined.back();
    if (last.parts.empty()) last.parts.push_back(last);
    last.parts.push_back(next);
    last.output = next.output;
    last.weights += next.weights;
    last.macs += next.macs;
    last.elements += next.elements;
    last.largest = std::max(last.largest, next.largest);
    last.in_and_out = std::max(last.in_and_out, next.in_and_out);
  }
  stretches_ = std::move(joined);
}

// As many rows as memory allows, a whole number of batches; a few samples are repeated.
Expected<void> Learner::ReadSamples(const Dataset& data) {
  double widest = 1;
  for (const Stretch& stretch : stretches_) widest = std::max(widest, stretch.in_and_out);
  const std::int64_t unit = fixed_rows_ > 0 ? fixed_rows_ : kBatch;
  const auto most =
      std::min<std::int64_t>(static_cast<std::int64_t>(HeldElements() / widest), kMostRows);
  const std::int64_t per_sample = data.rows_per_sample();
  const std::int64_t samples = std::min<std::int64_t>(static_cast<std::int64_t>(data.size()),
                                                      std::max<std::int64_t>(1, most / per_sample));
  BW_ASSIGN(const Tensor read, data.Batch(0, Index(samples)));
  const std::int64_t given = samples * per_sample;
  const std::int64_t rows = std::max<std::int64_t>(1, given / unit) * unit;
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(float_, unit));
  Shape shape = shapes[0];
  shape[0] = rows;
  const std::int64_t row = ElementCount(shape) / rows;
  if (row != read.size() / given) {
    return Fail("the network takes rows of shape {}, the data's are {}", ShapeText(shape),
                ShapeText(data.row_shape()));
  }
  float_rows_ = Tensor(DType::kFloat32, shape);
  const std::span<float> to = float_rows_.span<float>();
  const std::span<const float> from = read.span<float>();
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i % from.size()];
  rounded_rows_ = float_rows_;
  return {};
}

Expected<void> Learner::Learn(const Stretch& stretch, int steps) {
  const std::int64_t rows = ChunkRows(stretch);
  BW_ASSIGN(const InferredTypes float_types, TypesAt(float_, rows));
  BW_ASSIGN(const InferredTypes types, TypesAt(rounded_, rows));
  BW_ASSIGN(const Graph wanted, CutOut(float_, float_types, stretch.input, {stretch.output}));
  const Shape& shape = float_types.types[Index(stretch.input)].shape;
  BW_ASSIGN(Tensor float_output, RunRegion(wanted, shape, float_rows_, options_.threads));
  BW_ASSIGN(const Graph start, CutOut(rounded_, types, stretch.input, {stretch.output}));
  if (stretch.weights > 0) {
    RegionReport report{float_.value(stretch.input).name,
                        float_.value(stretch.output).name,
                        stretch.weights,
                        steps,
                        0,
                        0,
                        false,
                        {}};
    const RegionData data{&start,         &float_weights_, shape,
                          &rounded_rows_, &float_rows_,    &float_output};
    const Expected<void> outcome = LearnRegion(stretch, data, steps, report);
    if (!outcome && stretch.parts.size() > 1) return LearnParts(stretch, steps);
    if (!outcome) report.refused = outcome.error().message;
    learned_.regions.push_back(std::move(report));
  }
  BW_ASSIGN(const Graph now, CutOut(rounded_, types, stretch.input, {stretch.output}));
  BW_ASSIGN(rounded_rows_, RunRegion(now, shape, rounded_rows_, options_.threads));
  float_rows_ = std::move(float_output);
  return {};
}

// One by one, where the whole has a node without a gradient.
Expected<void> Learner::LearnParts(const Stretch& stretch, int steps) {
  for (const Stretch& part : stretch.parts) BW_TRY(Learn(part, steps));
  return {};
}

Expected<void> Learner::LearnRegion(const Stretch& stretch, const RegionData& data, int steps,
                                    RegionReport& report) {
  const ReconstructOptions options{
      steps, static_cast<int>(std::max<std::int64_t>(1, kBatch / data.input_shape[0])),
      RandomBits(options_.seed, static_cast<std::uint64_t>(stretch.output)), options_.threads,
      options_.rates};
  BW_ASSIGN(const Reconstructed result, Reconstruct(data, options));
  report.before = result.before;
  report.after = result.after;
  report.kept = result.after < result.before;
  if (report.kept) Keep(result.graph);
  return {};
}

// What a region has learned becomes the network's.
void Learner::Keep(const Graph& region) {
  for (std::size_t id = 0; id < region.values.size(); ++id) {
    const Value& value = region.values[id];
    if (!value.constant || !rounded_.values[id].constant) continue;
    rounded_.values[id].constant = value.constant;
    rounded_.values[id].quantized = value.quantized;
  }
  for (const Node& learned : region.nodes) {
    if (learned.op->role != OpRole::kQuantize) continue;
    for (Node& node : rounded_.nodes) {
      if (node.name == learned.name) node.attributes = learned.attributes;
    }
  }
}

void Learner::WritePlan() {
  Plan& plan = learned_.plan;
  for (std::size_t t = 0; t < targets_.tensors.size(); ++t) {
    const QuantTarget& target = targets_.tensors[t];
    if (!float_weights_.contains(target.value)) continue;
    learned_.codes[t] = rounded_.value(target.value).quantized;
    TensorPlan& entry = plan.tensors.at(target.name);
    entry.spec = learned_.codes[t]->spec;  // a fitted format's values are the tensor's
    entry.rounding = WeightRounding::kLearned;
    entry.codes = Store(*learned_.codes[t]);
  }
  for (const Node& node : rounded_.nodes) {
    if (node.op->role != OpRole::kQuantize) continue;
    const auto entry = plan.tensors.find(rounded_.value(node.inputs[0]).name);
    if (entry != plan.tensors.end() && entry->second.fixed)
      entry->second.fixed->scale = node.attributes.Float("scale", 1);
  }
  for (const LayerBias& layer : biases_) {
    const std::span<const float> values =
        std::as_const(*rounded_.value(layer.bias).constant).span<float>();
    plan.biases[rounded_.value(layer.output).name] = {values.begin(), values.end()};
  }
}

}  // namespace

Expected<Learned> LearnRounding(const Graph& graph, const QuantTargets& targets, const Plan& plan,
                                const WeightCodes& start, const Dataset& data,
                                const LearningOptions& options, const Progress& progress) {
  return Learner(graph, targets, plan, options).Run(start, data, progress);
}

}  // namespace bw
