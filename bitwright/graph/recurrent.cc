#include "bitwright/graph/recurrent.h"

#include <algorithm>
#include <cmath>

namespace bw::ops {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

// Takes numbers from a list until it is empty, then the default.
class Numbers {
 public:
  explicit Numbers(std::vector<float> list) : list_(std::move(list)) {}
  double Next(double otherwise) {
    return next_ < list_.size() ? static_cast<double>(list_[next_++]) : otherwise;
  }

 private:
  std::vector<float> list_;
  std::size_t next_ = 0;
};

Expected<Activation> MakeActivation(const std::string& given, Numbers& alphas, Numbers& betas) {
  const std::string name = Lower(given);
  if (name == "sigmoid") return Activation([](double x) { return 1 / (1 + std::exp(-x)); });
  if (name == "tanh") return Activation([](double x) { return std::tanh(x); });
  if (name == "relu") return Activation([](double x) { return std::max(0.0, x); });
  if (name == "softsign") return Activation([](double x) { return x / (1 + std::abs(x)); });
  if (name == "softplus") {
    return Activation([](double x) { return x > 30 ? x : std::log1p(std::exp(x)); });
  }
  if (name == "leakyrelu") {
    const double a = alphas.Next(0.01);
    return Activation([a](double x) { return x < 0 ? a * x : x; });
  }
  if (name == "thresholdedrelu") {
    const double a = alphas.Next(1);
    return Activation([a](double x) { return x > a ? x : 0; });
  }
  if (name == "elu") {
    const double a = alphas.Next(1);
    return Activation([a](double x) { return x < 0 ? a * std::expm1(x) : x; });
  }
  if (name == "affine") {
    const double a = alphas.Next(1), b = betas.Next(0);
    return Activation([a, b](double x) { return a * x + b; });
  }
  if (name == "scaledtanh") {
    const double a = alphas.Next(1), b = betas.Next(1);
    return Activation([a, b](double x) { return a * std::tanh(b * x); });
  }
  if (name == "hardsigmoid") {
    const double a = alphas.Next(0.2), b = betas.Next(0.5);
    return Activation([a, b](double x) { return std::clamp(a * x + b, 0.0, 1.0); });
  }
  return Fail("activation '{}' is not one of ONNX's", given);
}

Expected<void> CheckShape(const InferInput& in, std::size_t i, const Shape& needed) {
  if (!in.has(i)) return {};
  BW_TRY(CheckFloat(in, i));
  if (in.types[i].shape == needed) return {};
  return Fail("input {} is {}, {} is needed", i, ShapeText(in.types[i].shape), ShapeText(needed));
}

Expected<void> CheckInputs(const InferInput& in, const Recurrent& r, bool cell) {
  BW_TRY(CheckFloat(in, 0));
  const std::int64_t rows = r.gates * r.hidden;
  BW_TRY(CheckShape(in, 1, {r.directions, rows, r.inputs}));
  BW_TRY(CheckShape(in, 2, {r.directions, rows, r.hidden}));
  BW_TRY(CheckShape(in, 3, {r.directions, 2 * rows}));
  const Shape state = r.batch_first ? Shape{r.batch, r.directions, r.hidden}
                                    : Shape{r.directions, r.batch, r.hidden};
  BW_TRY(CheckShape(in, 5, state));
  if (cell) BW_TRY(CheckShape(in, 6, state));
  if (cell) BW_TRY(CheckShape(in, 7, {r.directions, 3 * r.hidden}));
  if (!in.has(4)) return {};
  BW_TRY(CheckDType(in, 4, kIndex));
  if (in.types[4].shape == Shape{r.batch}) return {};
  return Fail("input 4 (sequence_lens) is {}, [{}] is needed", ShapeText(in.types[4].shape),
              r.batch);
}

// States before the first step: input i, or 0.
std::vector<double> Start(std::span<const ConstTensorRef> inputs, std::size_t i, std::int64_t at,
                          std::int64_t count) {
  std::vector<double> state(static_cast<std::size_t>(count), 0);
  if (i >= inputs.size() || inputs[i].data == nullptr) return state;
  const auto from = inputs[i].span<float>();
  for (std::size_t k = 0; k < state.size(); ++k) {
    state[k] = static_cast<double>(from[static_cast<std::size_t>(at) + k]);
  }
  return state;
}

void Write(const std::vector<double>& state, std::span<const TensorRef> outputs, std::size_t o,
           std::int64_t at) {
  if (o >= outputs.size() || outputs[o].data == nullptr) return;
  const auto to = outputs[o].span<float>();
  for (std::size_t k = 0; k < state.size(); ++k) {
    to[static_cast<std::size_t>(at) + k] = static_cast<float>(state[k]);
  }
}

}  // namespace

Expected<Recurrent> MakeRecurrent(const Node& node, const Shape& x, const Shape& r,
                                  std::int64_t gates) {
  if (x.size() != 3 || r.size() != 3) {
    return Fail("X is {} and R {}, both need 3 axes", ShapeText(x), ShapeText(r));
  }
  Recurrent sizes;
  sizes.batch_first = node.attributes.Int("layout", 0) != 0;
  sizes.steps = x[sizes.batch_first ? 1 : 0];
  sizes.batch = x[sizes.batch_first ? 0 : 1];
  sizes.inputs = x[2];
  sizes.hidden = r[2];
  sizes.gates = gates;
  sizes.direction = node.attributes.String("direction", "forward");
  sizes.directions = sizes.direction == "bidirectional" ? 2 : 1;
  const bool known =
      sizes.directions == 2 || sizes.direction == "forward" || sizes.direction == "reverse";
  if (!known) {
    return Fail("direction is '{}', allowed: forward, reverse, bidirectional", sizes.direction);
  }
  const std::int64_t declared = node.attributes.Int("hidden_size", sizes.hidden);
  if (declared != sizes.hidden) {
    return Fail("hidden_size is {} but R is {}, they must agree", declared, ShapeText(r));
  }
  return sizes;
}

Expected<Types> RecurrentTypes(const InferInput& in, const RecurrentKind& kind) {
  BW_TRY(CheckCounts(in, {3, kind.cell ? std::size_t{8} : 6, kind.cell ? std::size_t{3} : 2}));
  BW_ASSIGN(const Recurrent r,
            MakeRecurrent(in.node, in.types[0].shape, in.types[2].shape, kind.gates));
  BW_TRY(CheckInputs(in, r, kind.cell));
  BW_TRY(MakeActivations(in.node, kind, r.directions));
  const Shape y = r.batch_first ? Shape{r.batch, r.steps, r.directions, r.hidden}
                                : Shape{r.steps, r.directions, r.batch, r.hidden};
  const Shape state = r.batch_first ? Shape{r.batch, r.directions, r.hidden}
                                    : Shape{r.directions, r.batch, r.hidden};
  Types types = {{DType::kFloat32, y}, {DType::kFloat32, state}, {DType::kFloat32, state}};
  types.resize(in.node.outputs.size());
  return types;
}

Expected<std::vector<std::vector<Activation>>> MakeActivations(const Node& node,
                                                               const RecurrentKind& kind,
                                                               std::int64_t directions) {
  const auto found = node.attributes.items.find("activations");
  std::vector<std::string> names;
  for (std::int64_t d = 0; d < directions; ++d) {
    names.insert(names.end(), kind.activations.begin(), kind.activations.end());
  }
  if (found != node.attributes.items.end()) {
    const auto* given = std::get_if<std::vector<std::string>>(&found->second);
    if (given == nullptr || given->size() != names.size()) {
      return Fail("activations has {} names, {} are needed", given == nullptr ? 0 : given->size(),
                  names.size());
    }
    names = *given;
  }
  Numbers alphas(node.attributes.Floats("activation_alpha", {}));
  Numbers betas(node.attributes.Floats("activation_beta", {}));
  std::vector<std::vector<Activation>> all(static_cast<std::size_t>(directions));
  for (std::size_t i = 0; i < names.size(); ++i) {
    BW_ASSIGN(Activation activation, MakeActivation(names[i], alphas, betas));
    all[i / kind.activations.size()].push_back(std::move(activation));
  }
  return all;
}

void RunRecurrent(const Recurrent& sizes, std::span<const ConstTensorRef> inputs,
                  std::span<const TensorRef> outputs,
                  const std::function<void(const Step&)>& step) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(sizes.batch), sizes.steps);
  if (inputs.size() > 4 && inputs[4].data != nullptr) lengths = ReadInts(inputs[4]);
  const auto x = inputs[0].span<float>();
  for (std::int64_t d = 0; d < sizes.directions; ++d) {
    for (std::int64_t b = 0; b < sizes.batch; ++b) {
      const std::int64_t at = sizes.StateAt(d, b);
      std::vector<double> h = Start(inputs, 5, at, sizes.hidden);
      std::vector<double> c = Start(inputs, 6, at, sizes.hidden);
      const std::int64_t length =
          std::clamp<std::int64_t>(lengths[static_cast<std::size_t>(b)], 0, sizes.steps);
      for (std::int64_t i = 0; i < length; ++i) {
        const std::int64_t t = sizes.Backward(d) ? length - 1 - i : i;
        step({d, x.data() + sizes.XAt(t, b), h, c});
        Write(h, outputs, 0, sizes.YAt(t, d, b));
      }
      const std::vector<double> nothing(h.size(), 0);
      for (std::int64_t t = length; t < sizes.steps; ++t) {
        Write(nothing, outputs, 0, sizes.YAt(t, d, b));
      }
      Write(h, outputs, 1, at);
      Write(c, outputs, 2, at);
    }
  }
}

double GateSums::FromInput(std::int64_t d, std::int64_t row, const float* x) const {
  const std::int64_t rows = sizes_.gates * sizes_.hidden;
  const float* w = w_.data() + (d * rows + row) * sizes_.inputs;
  double sum =
      b_.empty() ? 0 : static_cast<double>(b_[static_cast<std::size_t>(2 * d * rows + row)]);
  for (std::int64_t i = 0; i < sizes_.inputs; ++i) {
    sum += static_cast<double>(w[i]) * static_cast<double>(x[i]);
  }
  return sum;
}

double GateSums::FromState(std::int64_t d, std::int64_t row, std::span<const double> h) const {
  const std::int64_t rows = sizes_.gates * sizes_.hidden;
  const float* r = r_.data() + (d * rows + row) * sizes_.hidden;
  double sum =
      b_.empty() ? 0 : static_cast<double>(b_[static_cast<std::size_t>((2 * d + 1) * rows + row)]);
  for (std::size_t i = 0; i < h.size(); ++i) sum += static_cast<double>(r[i]) * h[i];
  return sum;
}

double Clipped(double x, double clip) { return clip > 0 ? std::clamp(x, -clip, clip) : x; }

}  // namespace bw::ops
