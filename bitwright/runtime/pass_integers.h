#pragma once
// Integers pass from layer to layer.

#include "bitwright/graph/graph.h"

namespace bw {

// Roundings of which the integers are wanted (FakeQuantize in front of ToInteger) give these first,
// and the values from them; what lies between an IntegerConv and the rounding of its output (Relu,
// Clip) becomes part of the IntegerConv, which then gives integers.
void PassIntegers(Graph& graph);

}  // namespace bw
