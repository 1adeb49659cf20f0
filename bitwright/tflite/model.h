#pragma once
// A TensorFlow Lite file as plain values: what its first subgraph says, checked one by one but not
// yet understood. Field numbers are those of the published schema, version 3.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitwright/tensor/tensor.h"
#include "bitwright/tflite/flat_table.h"

namespace bw::tflite {

// Element types of the format.
enum class ElementType : std::uint8_t {
  kFloat32 = 0,
  kFloat16 = 1,
  kInt32 = 2,
  kUint8 = 3,
  kInt64 = 4,
  kString = 5,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9,
  kFloat64 = 10,
};
std::string TypeText(ElementType type);  // "int8", or "type 17" for one that is not listed

// real = scale * (stored - zero); one entry, or one for each index of `axis`.
struct Affine {
  std::vector<float> scales;
  std::vector<std::int64_t> zeros;  // as many as scales
  int axis = 0;
};

struct TensorInfo {
  std::string name;
  ElementType type = ElementType::kFloat32;
  Shape shape;                 // full, batch of the file
  bool batch_is_free = false;  // the first extent is only the file's
  std::optional<Affine> affine;
  std::span<const std::uint8_t> data;  // empty: computed, or without elements
  bool is_constant = false;
};

struct Operator {
  int code = 0;
  std::string name;         // "CONV_2D", or the custom code
  std::vector<int> inputs;  // indices of tensors, -1: absent
  std::vector<int> outputs;
  int options_type = 0;  // which options table it has, 0: none
  FlatTable options;
  std::string where;  // "operator 3 (CONV_2D)"
};

struct Model {
  std::string name;
  std::vector<TensorInfo> tensors;
  std::vector<int> inputs, outputs;
  std::vector<Operator> operators;  // in execution order
};

// Fails on damaged files, other schema versions, sparse or variable tensors, indices out of range,
// extents that are negative or too large, and constants whose bytes do not fit their shape; names
// the tensor or the operator. `file` must outlive the model.
Expected<Model> ReadModel(FlatFile& file);

// "CONV_2D" for 3; "operator code 999" for a code that the format did not have when this was
// written.
std::string OperatorName(int code);

}  // namespace bw::tflite
