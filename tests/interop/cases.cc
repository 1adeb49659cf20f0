#include "cases.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bitwright/base/rng.h"
#include "bitwright/graph/op.h"
#include "bitwright/runtime/executor.h"

namespace bw::interop {
namespace {

constexpr std::size_t kInputs = 100;
constexpr std::int64_t kCandidates = 400;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor RandomTensor(Shape shape, std::uint64_t seed) {
  Tensor tensor(DType::kFloat32, std::move(shape));
  Rng rng(seed);
  for (float& element : tensor.span<float>()) element = static_cast<float>(rng.Normal());
  return tensor;
}

QuantSpec Spec(const std::string& text) {
  auto spec = QuantSpec::Parse(text);
  BW_CHECK(spec.has_value());
  return *spec;
}

double Reach(const Format& format) {
  const FormatInfo& info = format.info();
  return std::min(std::max(info.max, -info.min), 256.0);
}

// Least and greatest element of each group, both including 0.
struct Ranges {
  std::vector<float> low, high;
};

Ranges FindRanges(const Tensor& values, const Grouping& grouping) {
  const auto groups = static_cast<std::size_t>(grouping.groups());
  Ranges ranges{std::vector<float>(groups), std::vector<float>(groups)};
  const auto elements = values.span<float>();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto group = static_cast<std::size_t>(grouping.GroupOf(static_cast<std::int64_t>(i)));
    ranges.low[group] = std::min(ranges.low[group], elements[i]);
    ranges.high[group] = std::max(ranges.high[group], elements[i]);
  }
  return ranges;
}

ValueId AddInput(Graph& graph, Shape shape) {
  const ValueId input = graph.AddValue("x", {DType::kFloat32, std::move(shape)});
  graph.inputs = {input};
  return input;
}

void SetOutput(Graph& graph, ValueId id, Shape shape) {
  graph.value(id).type.shape = std::move(shape);
  graph.outputs = {id};
}

ValueId AddWeight(Graph& graph, const std::string& name, const Tensor& values,
                  const QuantSpec& spec) {
  const ValueId id = graph.AddConstant(name, values);
  SetQuantized(graph.value(id), QuantizeByMax(values, spec));
  return id;
}

// The weight times one: what the file decodes to.
Case WeightCase(const QuantSpec& spec) {
  const Shape shape = {5, 3, 32};
  Graph graph;
  const ValueId x = AddInput(graph, {1});
  const ValueId weight = AddWeight(graph, "w", RandomTensor(shape, 1), spec);
  SetOutput(graph, AddNode(graph, "Mul", {x, weight}), shape);
  return {"weight-" + spec.ToString(), std::move(graph), Tensor::From({1}, std::vector{1.0F})};
}

// Whether q lies within `margin` of a tie between values at least `gap` apart.
bool IsNearTie(const Format& format, double q, double margin, double gap) {
  const auto ties = format.thresholds();
  const auto values = format.values();
  auto tie = std::lower_bound(ties.begin(), ties.end(), q - margin);
  for (; tie != ties.end() && *tie <= q + margin; ++tie) {
    const auto i = static_cast<std::size_t>(tie - ties.begin());
    if (values[i + 1] - values[i] >= gap) return true;
  }
  return false;
}

// Marks the rows where a value, off by a millionth of the greatest, would round to a value more
// than a ten-thousandth of it away.
void MarkUnsteady(ConstTensorRef values, const Format& format, float scale, std::int64_t zero,
                  std::vector<bool>& unsteady) {
  const auto elements = values.span<float>();
  float greatest = 0;
  for (const float x : elements) greatest = std::max(greatest, std::fabs(x));
  const auto units = static_cast<double>(greatest / scale);
  const std::size_t row = elements.size() / unsteady.size();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (elements[i] == 0) continue;  // what Relu cut off: exact, even at a tie
    const double q = static_cast<double>(elements[i] / scale) + static_cast<double>(zero);
    if (IsNearTie(format, q, 1e-6 * units, 1e-4 * units)) unsteady[i / row] = true;
  }
}

// The first rows of `candidates` whose rounding does not hinge on the order in which a runtime adds
// floats. Formats of many values have steps too small to matter.
Tensor SteadyInputs(const Graph& graph, const Tensor& candidates) {
  const auto count = static_cast<std::size_t>(candidates.shape()[0]);
  std::vector<bool> unsteady(count);
  auto executor = Executor::Create(graph, {candidates.shape()}, {.keep_values = true});
  BW_CHECK(executor.has_value());
  executor->Run(std::vector<ConstTensorRef>{candidates});
  for (const Node& node : graph.nodes) {
    if (node.op->role != OpRole::kQuantize || node.inputs[0] == graph.inputs[0]) continue;
    MarkUnsteady(executor->ValueOf(node.inputs[0]),
                 Spec(node.attributes.String("spec", "")).element,
                 node.attributes.Float("scale", 1), node.attributes.Int("zero", 0), unsteady);
  }
  const auto all = candidates.span<float>();
  const std::size_t row = all.size() / count;
  std::vector<float> chosen;
  for (std::size_t i = 0; i < count && chosen.size() < kInputs * row; ++i) {
    const auto from = all.subspan(i * row, row);
    if (!unsteady[i]) chosen.insert(chosen.end(), from.begin(), from.end());
  }
  BW_CHECK(chosen.size() == kInputs * row);
  Shape shape = candidates.shape();
  shape[0] = kInputs;
  return Tensor::From(shape, chosen);
}

Case NetworkCase(const QuantSpec& spec, const QuantSpec& activation) {
  Graph graph;
  const float scale = 4.0F / static_cast<float>(Reach(activation.element));
  const std::int64_t zero = activation.symmetric ? 0 : 3;
  ValueId x = AddInput(graph, {-1, 4, 7, 7});
  x = AddFakeQuantize(graph, x, activation, scale, zero);
  const ValueId filter = AddWeight(graph, "conv.weight", RandomTensor({8, 4, 4, 4}, 2), spec);
  const ValueId bias = graph.AddConstant("conv.bias", RandomTensor({8}, 3));
  x = AddNode(graph, "Relu", {AddNode(graph, "Conv", {x, filter, bias})});
  x = AddFakeQuantize(graph, x, activation, scale * 6, zero);
  x = AddNode(graph, "Flatten", {x});
  const ValueId matrix = AddWeight(graph, "gemm.weight", RandomTensor({10, 128}, 4), spec);
  x = AddNode(graph, "Gemm", {x, matrix}, {{"transB", std::int64_t{1}}});
  SetOutput(graph, x, {-1, 10});
  Tensor inputs = SteadyInputs(graph, RandomTensor({kCandidates, 4, 7, 7}, 5));
  return {"network-" + spec.ToString(), std::move(graph), std::move(inputs), "network"};
}

// Every float within three places of every tie, the bounds of floats, and random ones.
std::vector<float> EdgeInputs(const Format& format, float scale) {
  std::vector<float> inputs = {0.0F, -0.0F, kInfinity, -kInfinity, 1e30F, -1e30F, 1e-30F};
  for (const double threshold : format.thresholds()) {
    float x = static_cast<float>(threshold * static_cast<double>(scale));
    for (int i = 0; i < 3; ++i) x = std::nextafter(x, -kInfinity);
    for (int i = 0; i < 7; ++i, x = std::nextafter(x, kInfinity)) inputs.push_back(x);
  }
  Rng rng(6);
  for (int i = 0; i < 10000; ++i) {
    inputs.push_back(static_cast<float>(rng.Normal() * Reach(format) / 2) * scale);
  }
  std::erase_if(inputs, [](float x) { return std::isnan(x); });
  return inputs;
}

// Whether the file rounds by QuantizeLinear, which divides in float: no gap in at most 256 values.
bool RoundsInFloat(const Format& format) {
  const auto values = format.values();
  if (values.size() > 256) return false;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] - values[i - 1] != values[1] - values[0]) return false;
  }
  return true;
}

Case RoundingCase(const QuantSpec& spec, float scale, std::int64_t zero) {
  Graph graph;
  const ValueId x = AddInput(graph, {-1});
  SetOutput(graph, AddFakeQuantize(graph, x, spec, scale, zero), {-1});
  const std::vector<float> inputs = EdgeInputs(spec.element, scale);
  Case result{fmt::format("rounding-{}-{}", spec.ToString(), scale), std::move(graph),
              Tensor::From({static_cast<std::int64_t>(inputs.size())}, inputs)};
  int exponent = 0;
  const bool exact_division = std::frexp(scale, &exponent) == 0.5F;
  if (RoundsInFloat(spec.element) && !exact_division) {
    const auto values = spec.element.values();
    result.rule = "nearTie";
    result.step = scale * static_cast<float>(values[1] - values[0]);
  }
  return result;
}

}  // namespace

ValueId AddNode(Graph& graph, std::string_view op, std::vector<ValueId> inputs,
                std::map<std::string, Attribute> attributes) {
  const std::string name = fmt::format("{}_{}", op, graph.nodes.size());
  const ValueId output = graph.AddValue(name, {});
  const OpDef* def = FindOp(op, op == "FakeQuantize" ? "bitwright" : "");
  BW_CHECK(def != nullptr);
  graph.nodes.push_back({name, def, std::move(inputs), {output}, {std::move(attributes)}});
  return output;
}

ValueId AddFakeQuantize(Graph& graph, ValueId input, const QuantSpec& spec, float scale,
                        std::int64_t zero) {
  return AddNode(graph, "FakeQuantize", {input},
                 {{"spec", spec.ToString()}, {"scale", scale}, {"zero", zero}});
}

QTensor QuantizeByMax(const Tensor& values, const QuantSpec& spec) {
  const auto grouping = MakeGrouping(spec.grain, values.shape());
  BW_CHECK(grouping.has_value());
  const FormatInfo& info = spec.element.info();
  const Ranges ranges = FindRanges(values, *grouping);
  QuantParams params;
  if (spec.two_level) params.tensor_scale = 0.0371F;
  const auto outer = static_cast<double>(params.tensor_scale);
  for (std::size_t i = 0; i < ranges.low.size(); ++i) {
    const double low = ranges.low[i], high = ranges.high[i];
    const double scale = spec.symmetric ? std::max(-low, high) / Reach(spec.element)
                                        : (high - low) / (info.max - info.min);
    params.scales.push_back(static_cast<float>(spec.scale.Round(scale / outer)) *
                            params.tensor_scale);
    if (spec.symmetric) continue;
    const double zero = std::nearbyint(info.min - low / static_cast<double>(params.scales[i]));
    params.zeros.push_back(static_cast<std::int32_t>(std::clamp(zero, info.min, info.max)));
  }
  auto codes = Quantize(values, spec, params);
  if (!codes) fmt::print(stderr, "{}\n", codes.error().message);
  BW_CHECK(codes.has_value());
  return *std::move(codes);
}

void SetQuantized(Value& constant, QTensor codes) {
  constant.constant = Dequantize(codes);
  constant.quantized = std::move(codes);
}

std::vector<Case> FormatCases(const Format& format) {
  std::vector<Case> cases;
  const QuantSpec activation = Spec(format.name());
  for (const char* scaling :
       {":t", ":c0", ":b32", ":b16@2", ":c1:fp16", ":b32:fp16", ":b32:e8m0"}) {
    cases.push_back(WeightCase(Spec(format.name() + scaling)));
  }
  // Tiles that divide the matrix and tiles that do not, and two levels of scales.
  for (const char* scaling : {":m3x32", ":m2x20:e8m0", ":m2x20@1:fp16", ":b16:e4m3fn*fp32"}) {
    cases.push_back(WeightCase(Spec(format.name() + scaling)));
  }
  for (const char* scaling : {":t", ":c0:fp16", ":b32", ":b32:e8m0"}) {
    cases.push_back(NetworkCase(Spec(format.name() + scaling), activation));
  }
  if (!QuantSpec::Parse(format.name() + ":t:fp32:asym")) return cases;
  for (const char* scaling :
       {":t:fp32:asym", ":c0:fp32:asym", ":b32:e8m0:asym", ":m2x20:fp32:asym"}) {
    cases.push_back(WeightCase(Spec(format.name() + scaling)));
  }
  if (format.info().max >= 3) {
    cases.push_back(
        NetworkCase(Spec(format.name() + ":c0:fp32:asym"), Spec(format.name() + ":t:fp32:asym")));
  }
  return cases;
}

std::vector<Case> RoundingCases(const Format& format) {
  std::vector<Case> cases;
  for (const float scale : {0.5F, 0.0371F, 1.7320508F}) {
    cases.push_back(RoundingCase(Spec(format.name()), scale, 0));
  }
  if (format.info().max >= 3 && QuantSpec::Parse(format.name() + ":t:fp32:asym")) {
    cases.push_back(RoundingCase(Spec(format.name() + ":t:fp32:asym"), 0.25F, 3));
    cases.push_back(RoundingCase(Spec(format.name() + ":t:fp32:asym"), 0.0371F, 3));
  }
  return cases;
}

}  // namespace bw::interop
