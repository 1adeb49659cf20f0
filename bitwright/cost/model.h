#pragma once
// A cost model: one file in cost/models/. A pure function of one layer's work, the formats of its
// operands and a target's parameters.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bitwright/base/registry.h"
#include "bitwright/cost/parameters.h"
#include "bitwright/cost/quantity.h"
#include "bitwright/cost/work.h"
#include "bitwright/numerics/format.h"

namespace bw {

// How one operand is stored.
struct Operand {
  const FormatInfo* format = nullptr;  // null: float32
  double stored_bits = 32;             // of one element, its share of scales and tables included

  int bits() const { return format == nullptr ? 32 : format->bits; }
  friend auto operator<=>(const Operand&, const Operand&) = default;
};

// Of several inputs, the one of the most bits.
struct Operands {
  Operand input, weight, output;
  friend auto operator<=>(const Operands&, const Operands&) = default;
};

// Named figures behind a layer's cost, for people: {"load_cycles", 1200}.
using Breakdown = std::vector<std::pair<std::string, double>>;

// The spec of each target, by its index in QuantTargets::tensors; null: float32. The specs live as
// long as the call.
using SpecChoice = std::span<const QuantSpec* const>;

// One layer under a choice of formats.
struct LayerView {
  const Work& work;
  std::size_t index;  // into work.layers
  SpecChoice specs;
  Operands operands;

  const LayerWork& layer() const { return work.layers[index]; }
};

// A model bound to a target. Thread-safe.
class LayerModel {
 public:
  virtual ~LayerModel() = default;
  // The layer's part of the quantities that the model gives; empty where it has none.
  virtual Cost Layer(const LayerView& view) const = 0;
  virtual Breakdown Explain(const LayerView& /*view*/) const { return {}; }
};

// What Layer reads of its view.
enum class Reads {
  kOperands,  // layer() and operands: the same for the same operands, and worth keeping
  kReaders,   // specs, of the operands and of layer().reader_weights; keeps what it finds itself
  kAll,       // specs of everything
};

struct CostModel {
  std::string_view name;
  std::string_view summary;  // one line for `bitwright targets`
  std::string_view source;   // paper or standard, and what is our interpretation of it
  std::span<const Quantity> gives;
  Reads reads = Reads::kOperands;
  std::span<const ParameterRule> parameters = {};
  // The parameters have been checked against the rules.
  Expected<std::unique_ptr<LayerModel>> (*bind)(const Parameters& parameters) = nullptr;
};

namespace cost_models {
std::span<const CostModel* const> All();
}

}  // namespace bw
