#include "bitwright/export/activations.h"

#include <bit>
#include <limits>

#include "bitwright/export/rounding.h"

namespace bw {
namespace {

using onnx::TensorProto;
using proto::Body;

constexpr std::size_t kSmallSearch = 256;

// Steps of a binary search among `count` places.
int Depth(std::size_t count) { return std::countr_zero(std::bit_ceil(count)); }

constexpr const char* kStep = "SearchStep";
constexpr const char* kEdges = "RoundEdges";
constexpr const char* kEnd = "SearchEnd";

// One step of a binary search: the position moves by `half`, up where x is not below the edge
// there, else down.
void BuildStep(Body& body) {
  const std::string half = body.Cast(body.IntParameter("half"), TensorProto::INT32);
  const std::string above =
      body.Op("GreaterOrEqual", {"x", body.Op("Gather", {"edges", "position"})});
  const std::string move = body.Op("Where", {above, half, body.Op("Neg", {half})});
  body.OpInto("y", "Add", {"position", move});
}

// Nodes that find how many of 2^depth - 1 ascending `edges` are <= x, as int32, but for the last
// step. The position starts in the middle and moves by half the distance at each step.
std::string Steps(Body& body, const std::string& x, const std::string& edges, int depth) {
  std::string position = body.Int32((1 << (depth - 1)) - 1);
  for (std::int64_t half = std::int64_t{1} << (depth - 1) >> 1; half > 0; half >>= 1) {
    position = body.Call(kFunctionDomain, kStep, {x, edges, position}, {proto::Int("half", half)});
  }
  return position;
}

// The last step stays or goes up by one.
std::string LastStep(Body& body, const std::string& x, const std::string& edges,
                     const std::string& position) {
  const std::string above = body.Op("GreaterOrEqual", {x, body.Op("Gather", {edges, position})});
  return body.Op("Add", {position, body.Cast(above, TensorProto::INT32)});
}

void NeedSearch(ModelWriter& model) {
  model.NeedFunction(kStep, {"x", "edges", "position"}, BuildStep);
}

// The least float >= each double: its nearest float, or where that is below, the one after it (x +
// |x| 2^-24 lies within half a unit in the last place of that one; among subnormals x + 3/4 of
// their step does).
void CeilToFloat(Body& body, const std::string& x, const std::string& output) {
  const std::string nearest = body.Cast(x, TensorProto::FLOAT);
  const std::string lift = body.Op(
      "Max",
      {body.Op("Mul", {body.Op("Abs", {x}), body.Double(0x1.0p-24)}), body.Double(0x1.8p-150)});
  const std::string next = body.Cast(body.Op("Add", {x, lift}), TensorProto::FLOAT);
  const std::string low = body.Op("Less", {body.Cast(nearest, TensorProto::DOUBLE), x});
  body.OpInto(output, "Where", {low, next, nearest});
}

// From the ascending `values`, the scale and `down` (1 where a tie stays below): the least float
// that goes up at each threshold. A threshold times a float scale is exact in double; a tie that
// stays below lies one small step higher.
void BuildEdges(Body& body) {
  const std::string wide = body.Cast("values", TensorProto::DOUBLE);
  const std::string end = body.Int64s({std::numeric_limits<std::int32_t>::max()});
  const std::string lower = body.Op("Slice", {wide, body.Int64s({0}), body.Int64s({-1})});
  const std::string upper = body.Op("Slice", {wide, body.Int64s({1}), end});
  const std::string middle = body.Op("Mul", {body.Op("Add", {lower, upper}), body.Double(0.5)});
  const std::string edge = body.Op("Mul", {middle, body.Cast("scale", TensorProto::DOUBLE)});
  const std::string down = body.Cast("down", TensorProto::DOUBLE);
  const std::string step = body.Op(
      "Max",
      {body.Op("Mul", {body.Op("Abs", {edge}), body.Double(0x1.0p-50)}), body.Double(0x1.0p-900)});
  CeilToFloat(body, body.Op("Add", {edge, body.Op("Mul", {down, step})}), "y");
}

void BuildSearchEnd(Body& body) {
  const std::string index = LastStep(body, "x", "edges", "position");
  const std::string values = body.Cast("values", TensorProto::FLOAT);
  body.OpInto("y", "Gather", {body.Op("Mul", {values, "scale"}), index});
}

void BuildSearch(Body& body, int depth) {
  const std::string scale = body.FloatParameter("scale");
  const std::string edges = body.Call(kFunctionDomain, kEdges, {"values", "down", scale});
  const std::string position = Steps(body, "x", edges, depth);
  body.CallInto("y", kFunctionDomain, kEnd, {"x", edges, position, "values", scale});
}

void WriteSearch(ModelWriter& model, const ActivationRounding& rounding, const std::string& input,
                 const std::string& output) {
  const Format& format = rounding.spec.element;
  const int depth = std::max(1, Depth(format.values().size()));
  const auto values = [&] {
    std::vector<float> all(format.values().begin(), format.values().end());
    all.resize(std::size_t{1} << depth, all.back());
    return proto::SmallFloats("", all);
  };
  const auto down = [&] {
    std::vector<std::uint8_t> all;
    for (const std::uint8_t up : format.ties_up()) all.push_back(up != 0 ? 0 : 1);
    all.resize((std::size_t{1} << depth) - 1);
    return all;
  };
  const std::string function = "RoundSearch" + std::to_string(depth);
  NeedSearch(model);
  model.NeedFunction(kEdges, {"values", "down", "scale"}, BuildEdges);
  model.NeedFunction(kEnd, {"x", "edges", "position", "values", "scale"}, BuildSearchEnd);
  model.NeedFunction(function, {"x", "values", "down"},
                     [&](Body& body) { BuildSearch(body, depth); });
  model.Call(function,
             {input, model.SharedTable(format.name() + ".values", values),
              model.SharedBytes("ties", down())},
             output, {proto::Float("scale", rounding.scale)});
}

// The codes become multiples of `unit` (1 or 2), the product with `factor` their values.
void BuildQuantizeLinear(Body& body, TensorProto::DataType type, bool clip) {
  const std::string zero = body.Cast(body.IntParameter("zero"), type);
  std::string x = "x";
  if (clip) x = body.Op("Clip", {x, body.FloatParameter("low"), body.FloatParameter("high")});
  const std::string code = body.Op("QuantizeLinear", {x, body.FloatParameter("scale"), zero});
  const std::string multiple =
      body.Op("DequantizeLinear", {code, body.FloatParameter("unit"), zero});
  body.OpInto("y", "Mul", {multiple, body.FloatParameter("factor")});
}

// A runtime that finds DequantizeLinear right before a convolution may quantize its weights to int8
// (ONNX Runtime does, by default). The product stands between them; its factor is never 1, so that
// no optimizer drops it.
std::vector<onnx::AttributeProto> ByteGridAttributes(const ActivationRounding& rounding,
                                                     const ByteGrid& grid, bool clip) {
  const float scale = static_cast<float>(static_cast<double>(rounding.scale) * grid.unit);
  const float unit = scale == 1.0F ? 2.0F : 1.0F;
  std::vector<onnx::AttributeProto> attributes = {
      proto::Float("scale", scale), proto::Int("zero", rounding.zero), proto::Float("unit", unit),
      proto::Float("factor", scale / unit)};
  if (clip) {
    const auto bound = [&](int code) { return scale * static_cast<float>(code - rounding.zero); };
    attributes.push_back(proto::Float("low", bound(grid.low)));
    attributes.push_back(proto::Float("high", bound(grid.high)));
  }
  return attributes;
}

// The clipping bounds are values, so that they quantize to low and high.
void WriteQuantizeLinear(ModelWriter& model, const ActivationRounding& rounding,
                         const ByteGrid& grid, const std::string& input,
                         const std::string& output) {
  const bool clip = grid.high - grid.low < 255;
  const auto type = grid.is_signed ? TensorProto::INT8 : TensorProto::UINT8;
  const std::string function =
      std::string(grid.is_signed ? "RoundInt8" : "RoundUint8") + (clip ? "Clipped" : "");
  model.NeedFunction(function, {"x"}, [&](Body& body) { BuildQuantizeLinear(body, type, clip); });
  model.Call(function, {input}, output, ByteGridAttributes(rounding, grid, clip));
}

void BuildRuns(Body& body, int depth, bool magnitudes) {
  const std::string scale = body.FloatParameter("scale");
  const auto wide = [&](const std::string& name) { return body.Cast(name, TensorProto::DOUBLE); };
  const std::string ratio = body.Op("Div", {wide("x"), wide(scale)});
  const std::string low = wide(body.FloatParameter("low"));
  const std::string q = body.Op("Clip", {ratio, low, wide(body.FloatParameter("high"))});
  std::string step = wide("steps");
  if (depth > 0) {
    const std::string place = magnitudes ? body.Op("Abs", {q}) : q;
    const std::string bounds = wide("bounds");
    const std::string position = Steps(body, place, bounds, depth);
    step = body.Op("Gather", {step, LastStep(body, place, bounds, position)});
  }
  const std::string multiple = body.Op("Round", {body.Op("Div", {q, step})});
  const std::string value = body.Cast(body.Op("Mul", {multiple, step}), TensorProto::FLOAT);
  body.OpInto("y", "Mul", {value, scale});
}

// A zero point moves the bounds alone: the multiples of an integer format stay integers.
void WriteRuns(ModelWriter& model, const ActivationRounding& rounding, const StepRuns& runs,
               const std::string& input, const std::string& output) {
  const int depth = Depth(runs.steps.size());
  const bool magnitudes = runs.low < 0;
  const std::string function = "RoundRuns" + std::to_string(depth) + (magnitudes ? "Signed" : "");
  const auto table = [&](std::string_view kind, std::vector<float> elements, std::size_t size) {
    elements.resize(size,
                    kind == ".steps" ? elements.back() : std::numeric_limits<float>::infinity());
    return model.SharedTable(rounding.spec.element.name() + std::string(kind),
                             [&] { return proto::FromVector("", TensorProto::FLOAT, elements); });
  };
  const std::size_t places = std::size_t{1} << depth;
  std::vector<std::string> inputs = {
      input, table(".steps", {runs.steps.begin(), runs.steps.end()}, places)};
  std::vector<std::string> parameters = {"x", "steps"};
  if (depth > 0) {
    NeedSearch(model);
    inputs.push_back(table(".bounds", {runs.bounds.begin(), runs.bounds.end()}, places - 1));
    parameters.push_back("bounds");
  }
  model.NeedFunction(function, parameters, [&](Body& body) { BuildRuns(body, depth, magnitudes); });
  const auto bound = [&](double value) { return static_cast<float>(value - rounding.zero); };
  model.Call(function, std::move(inputs), output,
             {proto::Float("scale", rounding.scale), proto::Float("low", bound(runs.low)),
              proto::Float("high", bound(runs.high))});
}

}  // namespace

void WriteRounding(ModelWriter& model, const ActivationRounding& rounding, const std::string& input,
                   const std::string& output) {
  const Format& format = rounding.spec.element;
  if (const auto grid = FindByteGrid(format, rounding.zero)) {
    return WriteQuantizeLinear(model, rounding, *grid, input, output);
  }
  const std::optional<StepRuns> runs = FindStepRuns(format);
  if (format.values().size() <= kSmallSearch || !runs) {
    return WriteSearch(model, rounding, input, output);
  }
  WriteRuns(model, rounding, *runs, input, output);
}

}  // namespace bw
