#pragma once
// How operators of the file become nodes of the graph: one file in tflite/rules/ for each family.

#include <span>
#include <string_view>

#include "bitwright/base/registry.h"
#include "bitwright/tflite/lowering.h"

namespace bw::tflite {

// An operator that a rule covers: its code and the options table that belongs to it (0: none).
struct Covered {
  int code;
  int options = 0;
};

struct Rule {
  std::string_view name;
  std::span<const Covered> operators;
  // Emits the nodes of the operator at hand and gives each of its outputs. Errors lack the
  // operator's name: the caller adds it.
  Expected<void> (*lower)(Lowering& to) = nullptr;
};

}  // namespace bw::tflite

namespace bw::tflite_rules {
std::span<const tflite::Rule* const> All();
}
