#pragma once
// The graph under construction, seen from one operator of the file.
//
// The file's images are [batch, height, width, channels]; the graph's spatial operators want
// [batch, channels, height, width]. A tensor has a value for each of the two forms once somebody
// asks for it: a Transpose is emitted only where an operator needs the form that nobody has made,
// so that between two convolutions there is none. Constants are transposed here and now.

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "bitwright/graph/graph.h"
#include "bitwright/graph/op.h"
#include "bitwright/tflite/model.h"

namespace bw::tflite {

// Attributes by name.
using Items = std::map<std::string, Attribute>;

// kFile: axes in the order of the file. kSpatial: of rank 4, channels moved behind the batch.
enum class Form { kFile, kSpatial };

// Where axis `axis` of the file stands in that form.
std::int64_t AxisIn(Form form, std::int64_t axis);
Shape ShapeIn(Form form, const Shape& shape);

class Lowering {
 public:
  explicit Lowering(const Model& model);

  // Before the operators: the constants and inputs of the file. int8 and uint8 inputs become
  // float32 inputs that are rounded at once.
  Expected<void> AddInputs();
  // Makes `op` the operator at hand.
  Expected<void> Start(const Operator& op);
  // Every output of the operator at hand has been given.
  Expected<void> Finish();
  // After the operators. int8 and uint8 outputs are made real numbers again.
  Expected<Graph> Done() &&;

  const Operator& op() const { return *op_; }
  std::size_t inputs() const { return op_->inputs.size(); }
  std::size_t outputs() const { return op_->outputs.size(); }
  // Input i is there.
  bool Has(std::size_t i) const { return i < inputs() && op_->inputs[i] >= 0; }
  const TensorInfo& In(std::size_t i) const { return Tensors(op_->inputs[i]); }
  const TensorInfo& Out(std::size_t i = 0) const { return Tensors(op_->outputs[i]); }
  bool IsFloat(std::size_t i = 0) const { return In(i).type == ElementType::kFloat32; }

  // Inputs from `least` to `most`, outputs exactly `out`, none of the first `least` absent.
  Expected<void> CheckCounts(std::size_t least, std::size_t most, std::size_t out = 1) const;
  Expected<void> CheckType(const TensorInfo& tensor, std::string_view what,
                           std::span<const ElementType> allowed) const;
  Expected<void> CheckRank(std::size_t i, std::size_t rank) const;

  // The elements of a constant input, float16 as float32.
  Expected<bw::Tensor> Constant(std::size_t i) const;
  // Those of an int32 or int64 one.
  Expected<std::vector<std::int64_t>> Ints(std::size_t i, std::string_view what) const;

  // The value of an input in a form.
  Expected<ValueId> Value(std::size_t i, Form form);
  // kSpatial for float images that so far have a value in that form alone.
  Form Natural(std::size_t i) const;

  // Emits a node and gives its outputs.
  std::vector<ValueId> Emit(std::string_view op, std::vector<ValueId> from, Items attributes,
                            std::size_t count, std::string_view domain = "");
  ValueId Emit(std::string_view op, std::vector<ValueId> from, Items attributes = {},
               std::string_view domain = "") {
    return Emit(op, std::move(from), std::move(attributes), 1, domain)[0];
  }
  ValueId Add(bw::Tensor constant);
  ValueId AddInts(const std::vector<std::int64_t>& elements);
  ValueId AddScalar(float element);

  // Output i of the operator at hand is this value.
  void Give(std::size_t i, ValueId value, Form form);

  // The values that have a known type in the file, by ValueId; for the check after inference.
  struct Promise {
    ValueId value;
    TensorType type;
    std::string where;
  };
  const std::vector<Promise>& promises() const { return promises_; }

 private:
  struct Place {
    ValueId file = kNoValue, spatial = kNoValue;
  };
  const TensorInfo& Tensors(int tensor) const {
    return model_.tensors[static_cast<std::size_t>(tensor)];
  }
  Place& PlaceOf(int tensor) { return places_[static_cast<std::size_t>(tensor)]; }
  Expected<ValueId> MakeForm(int tensor, Form form);
  Expected<bw::Tensor> Load(int tensor) const;
  ValueId Moved(ValueId value, const TensorInfo& tensor, Form to);
  std::string Unique(const std::string& wanted);
  void Name(ValueId value, const std::string& wanted);
  Expected<void> AddInput(int tensor);
  Expected<ValueId> OutputOf(int tensor);

  const Model& model_;
  const Operator* op_ = nullptr;
  Graph graph_;
  std::vector<Place> places_;
  std::unordered_set<std::string> names_;
  std::unordered_set<ValueId> named_;
  std::vector<Promise> promises_;
  std::string stem_;  // of names of nodes: "conv_2d_3"
  int nodes_of_op_ = 0;
  int no_image_ = -1;  // an output that was given as an image without being one
};

// The graph's element type for one of the file: float16 becomes float32.
Expected<DType> DTypeFor(ElementType type);

// [batch, height, width, channels] <-> [batch, channels, height, width], and others.
bw::Tensor Transposed(const bw::Tensor& tensor, const std::vector<std::int64_t>& perm);

}  // namespace bw::tflite
