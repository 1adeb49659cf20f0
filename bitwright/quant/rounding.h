#pragma once
// Which tensors of a network are rounded, and what each value then depends on.

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "bitwright/runtime/executor.h"

namespace bw {

// Which constants and activations differ from the float network's; the pointers' targets must
// outlive the run.
struct Rounding {
  std::map<ValueId, const Tensor*> constants;
  std::map<ValueId, const ActivationQuantizer*> quantizers;
};

void Set(Executor& executor, const Rounding& rounding);
// The float network's own again.
void Unset(Executor& executor, const Rounding& rounding);

// Everything that a value's elements depend on besides the network's input: 128 bits of XXH3 over
// the elements of the replaced constants and the quantizers of all that it follows from.
struct ValueKey {
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const ValueKey&, const ValueKey&) = default;
};

// By value. Under two roundings that give a value the same key, it has the same elements.
std::vector<ValueKey> ValueKeys(const Graph& graph, const Rounding& rounding);

}  // namespace bw
