#include "bitwright/runtime/channels_last.h"

#include <algorithm>
#include <map>
#include <set>

#include "bitwright/graph/infer.h"
#include "bitwright/graph/op.h"

namespace bw {
namespace {

class LastLayout {
 public:
  LastLayout(const Graph& graph, InferredTypes types)
      : graph_(graph), types_(std::move(types)), uses_(UseCounts(graph)) {
    nodes_ = std::move(graph_.nodes);
    graph_.nodes.clear();
  }

  Graph Run() {
    for (Node& node : nodes_) Emit(std::move(node));
    for (const ValueId id : graph_.outputs) NeedFirst(id);
    RemoveDead(graph_);
    const Expected<void> verified = Verify(graph_);
    BW_CHECK(verified.has_value());
    return std::move(graph_);
  }

 private:
  void Emit(Node node) {
    const std::string_view op = node.op->name;
    if (op == "Conv" && IsImage(node.inputs[0])) return EmitConv(std::move(node));
    if (op == "IntegerConv" && !node.attributes.Has("spec")) return EmitToFloats(std::move(node));
    if (op == "FromInteger") return EmitToFloats(std::move(node));
    if (op == "ToInteger" && HasLast(node.inputs[0])) return EmitToInteger(std::move(node));
    if (IsPool(node) && HasLast(node.inputs[0])) return EmitPool(std::move(node));
    if (IsElementwise(node)) return EmitElementwise(std::move(node));
    if (op == "Concat" && CanConcat(node)) return EmitConcat(std::move(node));
    for (const ValueId id : node.inputs) NeedFirst(id);
    Put(std::move(node));
  }

  void Put(Node node) {
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) made_by_[id] = graph_.nodes.size();
    }
    graph_.nodes.push_back(std::move(node));
  }

  const Shape& ShapeOf(ValueId id) const {
    return types_.types[static_cast<std::size_t>(id)].shape;
  }
  bool IsImage(ValueId id) const {
    return id != kNoValue && ShapeOf(id).size() == 4 &&
           types_.types[static_cast<std::size_t>(id)].dtype == DType::kFloat32;
  }
  bool HasLast(ValueId id) const { return last_.contains(id); }
  bool IsConstant(ValueId id) const { return types_.Constant(graph_, id) != nullptr; }

  // The value as [N, H, W, C].
  ValueId Last(ValueId id) {
    const auto known = last_.find(id);
    if (known != last_.end()) return known->second;
    const ValueId last = NewLast(id);
    Put({graph_.value(last).name, FindOp("Transpose"), {id}, {last}, Permutation({0, 2, 3, 1})});
    return last;
  }

  ValueId NewLast(ValueId id) {
    const std::string name = graph_.value(id).name + ".last";
    return last_[id] = graph_.AddValue(name, {DType::kFloat32, {}});
  }

  static Attributes Permutation(std::vector<std::int64_t> order) {
    Attributes attributes;
    attributes.Set("perm", std::move(order));
    return attributes;
  }

  // The value as the graph knows it, for a node that stays.
  void NeedFirst(ValueId id) {
    if (!only_last_.erase(id)) return;
    const std::string name = graph_.value(id).name + ".first";
    if (ShapeOf(id)[2] * ShapeOf(id)[3] == 1) {
      const ValueId shape = graph_.AddConstant(
          name + ".shape", Tensor::From<std::int64_t>({4}, std::vector<std::int64_t>{0, -1, 1, 1}));
      return Put({name, FindOp("Reshape"), {last_[id], shape}, {id}, {}});
    }
    Put({name, FindOp("Transpose"), {last_[id]}, {id}, Permutation({0, 3, 1, 2})});
  }

  // Few planes of wide images, which are worth no transposition.
  bool ReadsPlanes(const Node& node) const {
    constexpr std::int64_t kFew = 4, kWide = 16;
    const bool constants = std::all_of(node.inputs.begin() + 1, node.inputs.end(), [&](ValueId id) {
      return id == kNoValue || IsConstant(id);
    });
    return !HasLast(node.inputs[0]) && ShapeOf(node.inputs[0])[1] <= kFew &&
           ShapeOf(node.outputs[0])[3] >= kWide && constants &&
           node.attributes.Int("group", 1) == 1;
  }

  void EmitConv(Node node) {
    if (ReadsPlanes(node)) {
      node.op = FindOp("ConvFirst", kOwnDomain);
      return PutLast(std::move(node));
    }
    node.inputs[0] = Last(node.inputs[0]);
    node.op = FindOp("ConvLast", kOwnDomain);
    node.attributes.items.erase("kernel_shape");
    PutLast(std::move(node));
  }

  void PutLast(Node node) {
    only_last_.insert(node.outputs[0]);
    node.outputs[0] = NewLast(node.outputs[0]);
    Put(std::move(node));
  }

  void EmitToFloats(Node node) {
    node.attributes.Set("channels_last", std::int64_t{1});
    PutLast(std::move(node));
  }

  void EmitToInteger(Node node) {
    node.attributes.Set("channels_last", std::int64_t{1});
    node.inputs[0] = Last(node.inputs[0]);
    Put(std::move(node));
  }

  static bool IsPool(const Node& node) {
    const std::string_view op = node.op->name;
    return node.outputs.size() == 1 &&
           (op == "MaxPool" || op == "AveragePool" || op == "GlobalAveragePool");
  }

  void EmitPool(Node node) {
    node.inputs[0] = Last(node.inputs[0]);
    node.op = FindOp(std::string(node.op->name) + "Last", kOwnDomain);
    PutLast(std::move(node));
  }

  // Every element by itself, or with the one at its place: any order does.
  bool IsElementwise(const Node& node) const {
    if (node.outputs.size() != 1) return false;
    if (node.op->name == "FakeQuantize") {
      const auto spec = QuantSpec::Parse(node.attributes.String("spec", ""));
      return spec && std::holds_alternative<PerTensor>(spec->grain) && HasLast(node.inputs[0]);
    }
    if (node.op->role == OpRole::kElementwise)
      return HasLast(node.inputs[0]) && OthersAreScalars(node);
    if (node.op->role != OpRole::kBinary || node.inputs.size() != 2) return false;
    const ValueId a = node.inputs[0], b = node.inputs[1];
    if (HasLast(a) && IsScalar(b)) return true;
    if (HasLast(b) && IsScalar(a)) return true;
    return (HasLast(a) || HasLast(b)) && IsImage(a) && IsImage(b) && !IsConstant(a) &&
           !IsConstant(b) && ShapeOf(a) == ShapeOf(b);
  }

  bool IsScalar(ValueId id) const { return IsConstant(id) && ElementCount(ShapeOf(id)) == 1; }

  bool OthersAreScalars(const Node& node) const {
    return std::all_of(node.inputs.begin() + 1, node.inputs.end(),
                       [&](ValueId id) { return id == kNoValue || IsScalar(id); });
  }

  void EmitElementwise(Node node) {
    if (FuseAddition(node) || FuseBounds(node)) return;
    for (ValueId& id : node.inputs) {
      if (IsImage(id) && !IsConstant(id)) id = Last(id);
    }
    PutLast(std::move(node));
  }

  // The convolution that made a value which only one node reads and nothing was done to yet.
  Node* PlainConv(ValueId id) {
    const auto last = last_.find(id);
    if (last == last_.end() || uses_[static_cast<std::size_t>(id)] != 1) return nullptr;
    const auto made = made_by_.find(last->second);
    if (made == made_by_.end()) return nullptr;
    Node& node = graph_.nodes[made->second];
    const bool conv = node.op->name == "ConvLast" || node.op->name == "ConvFirst";
    const bool plain = conv && !node.attributes.Has("low") && !node.attributes.Has("high") &&
                       node.outputs[0] == last->second;
    return plain ? &node : nullptr;
  }

  // conv(x) + addend, where the addend is there before the convolution.
  bool FuseAddition(const Node& node) {
    if (node.op->name != "Add") return false;
    for (const std::size_t i : {std::size_t{1}, std::size_t{0}}) {
      const ValueId sum = node.inputs[i], other = node.inputs[1 - i];
      Node* conv = PlainConv(sum);
      if (conv == nullptr || conv->op->name != "ConvLast") continue;
      if (conv->inputs.size() > 3 || !HasLast(other) || other == sum) continue;
      if (ShapeOf(sum) != ShapeOf(other)) continue;
      const auto made = made_by_.find(last_[other]);
      if (made == made_by_.end() || made->second >= made_by_[conv->outputs[0]]) continue;
      conv->inputs.resize(3, kNoValue);
      conv->inputs.push_back(last_[other]);
      StandsAt(node.outputs[0], conv->outputs[0]);
      return true;
    }
    return false;
  }

  // Relu or Clip right behind a convolution.
  bool FuseBounds(const Node& node) {
    Attributes bounds;
    Node* conv = ReadBounds(node, bounds) ? PlainConv(node.inputs[0]) : nullptr;
    if (conv == nullptr) return false;
    for (const auto& [name, bound] : bounds.items) conv->attributes.Set(name, bound);
    StandsAt(node.outputs[0], conv->outputs[0]);
    return true;
  }

  void StandsAt(ValueId id, ValueId last) {
    last_[id] = last;
    only_last_.insert(id);
  }

  bool ReadBounds(const Node& node, Attributes& bounds) const {
    if (node.op->name == "Relu") bounds.Set("low", 0.0F);
    if (node.op->name == "Clip") {
      for (std::size_t i = 1; i < node.inputs.size(); ++i) {
        if (node.inputs[i] == kNoValue) continue;
        const Tensor& bound = *types_.Constant(graph_, node.inputs[i]);
        bounds.Set(i == 1 ? "low" : "high", bound.span<float>()[0]);
      }
    }
    return !bounds.items.empty();
  }

  bool CanConcat(const Node& node) const {
    const auto image = [&](ValueId id) { return IsImage(id); };
    const auto last = [&](ValueId id) { return HasLast(id); };
    const std::int64_t axis = node.attributes.Int("axis", 0);
    return (axis == 1 || axis == -3) &&
           std::all_of(node.inputs.begin(), node.inputs.end(), image) &&
           std::any_of(node.inputs.begin(), node.inputs.end(), last);
  }

  void EmitConcat(Node node) {
    for (ValueId& id : node.inputs) id = Last(id);
    node.attributes.Set("axis", std::int64_t{3});
    PutLast(std::move(node));
  }

  Graph graph_;
  InferredTypes types_;  // of the graph as it was
  std::vector<int> uses_;
  std::vector<Node> nodes_;
  std::map<ValueId, ValueId> last_;         // value -> the same as [N, H, W, C]
  std::set<ValueId> only_last_;             // values that do not stand as they were
  std::map<ValueId, std::size_t> made_by_;  // value -> index of its node
};

}  // namespace

Graph ToChannelsLast(const Graph& graph) {
  const auto shapes = InputShapes(graph, 2);
  if (!shapes) return graph;
  auto types = InferTypes(graph, *shapes);
  return types ? LastLayout(graph, *std::move(types)).Run() : graph;
}

}  // namespace bw
