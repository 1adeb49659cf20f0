#include "bitwright/cost/piece.h"

#include <algorithm>
#include <map>

#include "bitwright/graph/op.h"
#include "bitwright/quant/apply.h"

namespace bw {
namespace {

std::size_t Index(std::int64_t id) { return static_cast<std::size_t>(id); }

class PieceBuilder {
 public:
  PieceBuilder(const Work& work, const LayerWork& layer, SpecChoice specs)
      : source_(*work.source), layer_(layer), specs_(specs) {}

  Expected<Piece> Build() {
    for (const std::size_t n : layer_.nodes) BW_TRY(AddNode(source_.graph.nodes[n]));
    if (layer_.kind == LayerKind::kInput) {
      const ValueId id = layer_.stored[0];
      made_[id] = NewInput(id);
    }
    for (const ValueId id : layer_.stored) BW_TRY(Finish(id));
    BW_TRY(Verify(piece_.graph));
    return std::move(piece_);
  }

 private:
  const TensorType& Type(ValueId id) const { return source_.types.types[Index(id)]; }

  const QuantSpec* SpecOf(ValueId id) const {
    const TensorIndex tensor = source_.tensor_of[Index(id)];
    return tensor ? specs_[*tensor] : nullptr;
  }

  ValueId NewInput(ValueId id) {
    const ValueId input = piece_.graph.AddValue(source_.graph.value(id).name, Type(id));
    piece_.graph.inputs.push_back(input);
    piece_.inputs.push_back(Type(id).shape);
    return input;
  }

  // The scale is as good as any: speed does not depend on it.
  ValueId Rounded(ValueId value, const QuantSpec* spec) {
    if (spec == nullptr) return value;
    const std::string name = piece_.graph.value(value).name + ".rounded";
    const TensorType type = piece_.graph.value(value).type;
    const ValueId rounded = piece_.graph.AddValue(name, type);
    Node node{name, FindOp("FakeQuantize", kOwnDomain), {value}, {rounded}, {}};
    node.attributes.Set("spec", spec->ToString());
    node.attributes.Set("scale", 0.05F);
    node.attributes.Set("zero", std::int64_t{0});
    piece_.graph.nodes.push_back(std::move(node));
    return rounded;
  }

  Expected<ValueId> Constant(ValueId id, const Tensor& tensor) {
    const ValueId made = piece_.graph.AddConstant(source_.graph.value(id).name, tensor);
    const QuantSpec* spec = SpecOf(id);
    if (spec == nullptr) return made;
    BW_ASSIGN(QTensor codes, QuantizeWeight(tensor, {*spec, "max", std::nullopt}));
    piece_.graph.value(made).constant = Dequantize(codes);
    piece_.graph.value(made).quantized = std::move(codes);
    return made;
  }

  Expected<ValueId> Read(ValueId id) {
    if (id == kNoValue) return kNoValue;
    if (const auto found = made_.find(id); found != made_.end()) return found->second;
    const Tensor* constant = source_.types.Constant(source_.graph, id);
    if (constant == nullptr) return made_[id] = Rounded(NewInput(id), SpecOf(id));
    BW_ASSIGN(const ValueId made, Constant(id, *constant));
    return made_[id] = made;
  }

  Expected<void> AddNode(const Node& node) {
    Node copy = node;
    for (ValueId& id : copy.inputs) {
      BW_ASSIGN(const ValueId read, Read(id));
      id = read;
    }
    for (ValueId& id : copy.outputs) {
      if (id == kNoValue) continue;
      const ValueId made = piece_.graph.AddValue(source_.graph.value(id).name, Type(id));
      made_[id] = made;
      id = made;
    }
    piece_.graph.nodes.push_back(std::move(copy));
    return {};
  }

  // A convolution takes the value as its data.
  static bool IsConvolutionOf(const Node& node, ValueId id) {
    return node.op->name == "Conv" && node.inputs[0] == id;
  }

  Expected<void> Finish(ValueId id) {
    const bool is_target = source_.is_target[Index(id)] != 0;
    const ValueId value = Rounded(made_.at(id), is_target ? SpecOf(id) : nullptr);
    made_[id] = value;
    const auto& outputs = source_.graph.outputs;
    bool convolved = false, read = std::find(outputs.begin(), outputs.end(), id) != outputs.end();
    for (const Node& node : source_.graph.nodes) {
      if (std::find(node.inputs.begin(), node.inputs.end(), id) == node.inputs.end()) continue;
      const bool convolves = IsConvolutionOf(node, id);
      if (convolves) BW_TRY(AddReader(node));
      (convolves ? convolved : read) = true;
    }
    if (read || !convolved) piece_.graph.outputs.push_back(value);
    return {};
  }

  Expected<void> AddReader(const Node& node) {
    BW_TRY(AddNode(node));
    Node& reader = piece_.graph.nodes.back();
    reader.name = fmt::format("{}{}", kPieceReader, piece_.graph.nodes.size());
    piece_.graph.outputs.push_back(reader.outputs[0]);
    return {};
  }

  const WorkSource& source_;
  const LayerWork& layer_;
  SpecChoice specs_;
  std::map<ValueId, ValueId> made_;
  Piece piece_;
};

}  // namespace

Expected<Piece> MakePiece(const Work& work, std::size_t layer, SpecChoice specs) {
  return PieceBuilder(work, work.layers[layer], specs).Build();
}

}  // namespace bw
