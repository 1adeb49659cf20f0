// Sums of products by an equation: letters name axes, "..." stands for broadcast ones.

#include <array>
#include <map>
#include <string>

#include "bitwright/graph/ops/elementwise.h"

namespace bw::ops {
namespace {

// Axes as characters; those of "..." are '0', '1', ... from the right.
struct Equation {
  std::vector<std::string> terms;
  std::string out;
  std::map<char, std::int64_t> extents;
};

// A term with its dots spelled out for an operand of that rank.
Expected<std::string> Spelled(const std::string& term, std::size_t rank) {
  const std::size_t dots = term.find("...");
  const std::size_t letters = dots == std::string::npos ? term.size() : term.size() - 3;
  if (letters > rank || (dots == std::string::npos && letters != rank) || rank - letters > 10) {
    return Fail("term '{}' does not fit an input of rank {}", term, rank);
  }
  if (dots == std::string::npos) return term;
  std::string numbers;
  for (std::size_t i = rank - letters; i-- > 0;) numbers += static_cast<char>('0' + i);
  return term.substr(0, dots) + numbers + term.substr(dots + 3);
}

Expected<std::vector<std::string>> Split(const std::string& equation, std::string& out,
                                         bool& explicit_out) {
  std::string text;
  for (const char c : equation) {
    if (c != ' ') text += c;
  }
  const std::size_t arrow = text.find("->");
  explicit_out = arrow != std::string::npos;
  if (explicit_out) out = text.substr(arrow + 2);
  std::vector<std::string> terms(1);
  for (const char c : text.substr(0, arrow)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == ',') {
      terms.emplace_back();
    } else if (letter || c == '.') {
      terms.back() += c;
    } else {
      return Fail("equation is '{}', letters, ',', '...' and '->' are allowed", equation);
    }
  }
  return terms;
}

Expected<void> AddExtents(const std::string& term, const Shape& shape, Equation& equation) {
  for (std::size_t i = 0; i < term.size(); ++i) {
    const auto [found, fresh] = equation.extents.emplace(term[i], shape[i]);
    if (fresh || found->second == shape[i] || shape[i] == 1) continue;
    if (found->second != 1) {
      return Fail("axis '{}' is {} long and {} long, it must have one extent", term[i],
                  found->second, shape[i]);
    }
    found->second = shape[i];
  }
  return {};
}

// Without "->": the dots, then every letter that stands once, in alphabetical order.
std::string ImplicitOut(const Equation& equation) {
  std::string dots, letters;
  for (const auto& [axis, extent] : equation.extents) {
    std::size_t count = 0;
    for (const std::string& term : equation.terms) {
      count += static_cast<std::size_t>(std::count(term.begin(), term.end(), axis));
    }
    if (axis >= '0' && axis <= '9')
      dots.insert(dots.begin(), axis);
    else if (count == 1)
      letters += axis;
  }
  return dots + letters;
}

Expected<Equation> MakeEquation(const Node& node, const std::vector<Shape>& shapes) {
  const std::string text = node.attributes.String("equation", "");
  Equation equation;
  bool explicit_out = false;
  BW_ASSIGN(const std::vector<std::string> terms, Split(text, equation.out, explicit_out));
  if (terms.size() != shapes.size()) {
    return Fail("equation '{}' has {} terms for {} inputs", text, terms.size(), shapes.size());
  }
  for (std::size_t i = 0; i < terms.size(); ++i) {
    BW_ASSIGN(std::string spelled, Spelled(terms[i], shapes[i].size()));
    BW_TRY(AddExtents(spelled, shapes[i], equation));
    equation.terms.push_back(std::move(spelled));
  }
  if (!explicit_out) {
    equation.out = ImplicitOut(equation);
    return equation;
  }
  const std::size_t dots = equation.out.find("...");
  if (dots != std::string::npos) {
    std::string numbers;
    for (char c = '9'; c >= '0'; --c) {
      if (equation.extents.contains(c)) numbers += c;
    }
    equation.out = equation.out.substr(0, dots) + numbers + equation.out.substr(dots + 3);
  }
  for (const char axis : equation.out) {
    const bool once = std::count(equation.out.begin(), equation.out.end(), axis) == 1;
    if (once && equation.extents.contains(axis)) continue;
    return Fail("equation '{}': output axis '{}' must stand once and in an input", text, axis);
  }
  return equation;
}

Expected<Types> Infer(const InferInput& in) {
  const std::size_t count = in.node.inputs.size();
  BW_TRY(CheckCounts(in, {std::max<std::size_t>(count, 1), count, 1}));
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < count; ++i) {
    BW_TRY(CheckDType(in, i, kSums));
    BW_TRY(CheckSameDType(in, i, 0));
    shapes.push_back(in.types[i].shape);
  }
  BW_ASSIGN(const Equation equation, MakeEquation(in.node, shapes));
  Shape out, all;
  for (const char axis : equation.out) out.push_back(equation.extents.at(axis));
  for (const auto& [axis, extent] : equation.extents) all.push_back(extent);
  BW_TRY(CheckExtents(all, "the product of all axes"));
  return Types{{in.types[0].dtype, std::move(out)}};
}

// Strides of a term over the axes in `order`; axes of extent 1 are broadcast.
std::vector<std::int64_t> TermStrides(const std::string& term, const Shape& shape,
                                      const std::string& order) {
  const std::vector<std::int64_t> own = Strides(shape);
  std::vector<std::int64_t> strides(order.size(), 0);
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (shape[i] != 1) strides[order.find(term[i])] += own[i];
  }
  return strides;
}

template <typename T>
void Sum(const Equation& equation, std::span<const ConstTensorRef> inputs,
         const TensorRef& output) {
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, std::uint64_t>;
  std::string order = equation.out;
  for (const auto& [axis, extent] : equation.extents) {
    if (order.find(axis) == std::string::npos) order += axis;
  }
  Shape shape, out;
  for (const char axis : order) shape.push_back(equation.extents.at(axis));
  std::vector<std::vector<std::int64_t>> strides;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    strides.push_back(TermStrides(equation.terms[i], inputs[i].shape, order));
  }
  const auto y = output.span<T>();
  const std::vector<std::int64_t> places = Strides(shape);
  const std::int64_t run = Product(shape, equation.out.size(), shape.size());
  for (std::size_t o = 0; o < y.size(); ++o) {
    Wide sum = 0;
    for (std::int64_t r = 0; r < run; ++r) {
      Wide product = 1;
      const std::int64_t flat = static_cast<std::int64_t>(o) * run + r;
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        std::int64_t at = 0;
        for (std::size_t a = 0; a < shape.size(); ++a) {
          at += flat / places[a] % shape[a] * strides[i][a];
        }
        product *= static_cast<Wide>(inputs[i].span<T>()[static_cast<std::size_t>(at)]);
      }
      sum += product;
    }
    y[o] = static_cast<T>(sum);
  }
}

void Reference(const Node& node, std::span<const ConstTensorRef> inputs,
               std::span<const TensorRef> outputs) {
  std::vector<Shape> shapes;
  for (const ConstTensorRef& input : inputs) shapes.push_back(input.shape);
  const Equation equation = MakeEquation(node, shapes).value();
  DispatchNumeric(outputs[0].dtype, [&]<typename T>() { Sum<T>(equation, inputs, outputs[0]); });
}

}  // namespace

BW_ENTRY(OpDef, einsum) = {.name = "Einsum", .infer = Infer, .reference = Reference};

}  // namespace bw::ops
