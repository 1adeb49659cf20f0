#pragma once
// A Plan maps every tensor that can be quantized to what is done to it. Search writes it, people
// edit it, `apply` reads it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/quant/stored_codes.h"
#include "bitwright/quant/targets.h"

namespace bw {

// A scale that calibration found, and the spec it was found for: stale once the spec is edited.
struct FixedScale {
  float scale = 1;
  std::int32_t zero = 0;
  std::string scaled_for;  // QuantSpec text
};

// How a weight's elements go to the grid: each to its nearest value, or so that the layer's output
// is near (compensate.h), or by choices that were learned (learning/learn_rounding.h), whose codes
// the plan holds.
enum class WeightRounding { kNearest, kCompensated, kLearned };

struct TensorPlan {
  QuantSpec spec;
  std::string scale_method =
      "mse";  // used where no scale is fixed: weights always, activations after an edit
  std::optional<FixedScale> fixed;  // activations
  WeightRounding rounding = WeightRounding::kNearest;
  std::optional<StoredCodes> codes = {};  // of a weight whose rounding is learned

  // True when the codes stand and are of this very spec.
  bool HasCodes() const { return codes && codes->coded_for == spec.ToString(); }
  // True when the scale stands and was found for this very spec.
  bool HasScale() const { return fixed && fixed->scaled_for == spec.ToString(); }
};

// Factors of the output channels of layers, by the name of their output value (scale_channels.h).
using ChannelScales = std::map<std::string, std::vector<float>>;

// Biases of layers (Conv, ConvTranspose, Gemm) by the name of their output value.
using LayerBiases = std::map<std::string, std::vector<float>>;

// Tensors by name; a target that is absent stays float32.
struct Plan {
  std::string network;  // Fingerprint of the network it is for
  std::map<std::string, TensorPlan> tensors;
  ChannelScales channel_scales = {};  // the float network is equalized by them first
  LayerBiases biases = {};  // that take the place of the network's own (bias_correction.h)
};

// 16 hexadecimal digits over the names, kinds and shapes of the targets.
std::string Fingerprint(const QuantTargets& targets);

// {"bitwright_plan": 1, "network": "...", "tensors": {"conv1.weight": {"spec": "int4:c0",
// "scale_method": "mse",
//  "rounding": "compensated"},
//  "relu1": {"spec": "uint8", "scale_method": "mse", "scale": 0.0123, "zero": 0, "scaled_for":
//  "uint8"}}, "channel_scales": {"conv1": [1, 2.5]}, "biases": {"conv1": [0.25, -1]}}
std::string PlanToJson(const Plan& plan);

// A weight whose rounding is learned also has {"codes": "<base64>", "scales": [...], "zeros":
// [...], "coded_for": "int4:c0"}, and "tensor_scale" where the spec has two levels.
// Fails on malformed JSON, unknown keys, bad specs; `where` starts the message.
Expected<Plan> PlanFromJson(std::string_view json, const std::string& where);

// Every tensor of the plan is a target of the network, and the network is the one the plan was made
// for.
Expected<void> CheckPlan(const Plan& plan, const QuantTargets& targets, const std::string& where);

}  // namespace bw
