#pragma once
// Cases for the judge: a graph, its input and what our executor makes of it.

#include <string>
#include <vector>

#include "bitwright/graph/graph.h"

namespace bw::interop {

struct Case {
  std::string name;  // a folder's name
  Graph graph;       // one input, one output, both float
  Tensor input;
  std::string rule = "exact";  // see judge.mjs
  float step = 0;              // rule nearTie: the greatest distance of neighbouring values
};

// Adds a node with one output; gives its id.
ValueId AddNode(Graph& graph, std::string_view op, std::vector<ValueId> inputs,
                std::map<std::string, Attribute> attributes = {});
ValueId AddFakeQuantize(Graph& graph, ValueId input, const QuantSpec& spec, float scale,
                        std::int64_t zero = 0);

// Scales that bring each group's greatest magnitude near the format's (or to 256 units where that
// is greater), in the spec's scale format, and zero points in the middle of the group for an
// asymmetric spec.
QTensor QuantizeByMax(const Tensor& values, const QuantSpec& spec);
// Makes a constant carry its codes.
void SetQuantized(Value& constant, QTensor codes);

// Every pair of an example format and a way to scale it that exists: a weight alone (exact), and a
// convolution, relu and matrix product with quantized weights and activations (network).
std::vector<Case> FormatCases(const Format& format);
// The format as an activation quantizer on inputs that lie on and beside every tie.
std::vector<Case> RoundingCases(const Format& format);
// Trained networks, as far as their files are there: the example's, and those under `data` (may be
// empty).
std::vector<Case> NetworkCases(const std::string& data);

}  // namespace bw::interop
