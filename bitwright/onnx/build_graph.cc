#include "bitwright/onnx/build_graph.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "bitwright/graph/infer.h"
#include "bitwright/graph/op.h"
#include "bitwright/onnx/attribute_proto.h"
#include "bitwright/onnx/order.h"
#include "bitwright/onnx/schema.h"
#include "bitwright/onnx/survey.h"
#include "bitwright/onnx/tensor_proto.h"
#include "bitwright/onnx/upgrade.h"

namespace bw {
namespace {

Expected<TensorType> InputType(const onnx::ValueInfoProto& proto) {
  if (!proto.type().has_tensor_type()) return Fail("is not a tensor, only tensors are allowed");
  const onnx::TypeProto::Tensor& tensor = proto.type().tensor_type();
  if (!tensor.has_shape()) return Fail("has no declared shape, one is needed");
  BW_ASSIGN(const DType dtype, DTypeFromOnnx(tensor.elem_type()));
  TensorType type{dtype, {}};
  for (const auto& dim : tensor.shape().dim()) {
    type.shape.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? dim.dim_value() : -1);
  }
  return type;
}

bool HoldsInfinity(const Value& value) {
  if (!value.constant || value.constant->dtype() != DType::kFloat32) return false;
  const auto elements = value.constant->span<float>();
  return std::any_of(elements.begin(), elements.end(), [](float x) { return std::isinf(x); });
}

// Infinity is a number to compare with or to select, never one to calculate with.
Expected<void> CheckInfinities(const Graph& graph) {
  constexpr std::string_view kHarmless[] = {"Clip", "Pad", "Where", "Max", "Min"};
  for (const Node& node : graph.nodes) {
    if (std::find(std::begin(kHarmless), std::end(kHarmless), node.op->name) !=
        std::end(kHarmless)) {
      continue;
    }
    for (const ValueId id : node.inputs) {
      if (id != kNoValue && HoldsInfinity(graph.value(id))) {
        return Fail("node '{}' ({}): weight '{}' holds an infinity, finite numbers are needed",
                    node.name, node.op->name, graph.value(id).name);
      }
    }
  }
  return {};
}

// The type of a graph's input inside a node, as far as it is declared.
TensorType InnerInputType(const onnx::ValueInfoProto& proto) {
  const auto type = InputType(proto);
  return type ? *type : TensorType{DType::kFloat32, {-1}};
}

class GraphBuilder final : public UpgradeContext {
 public:
  GraphBuilder(const onnx::GraphProto& proto, int opset, const std::string& folder,
               GraphBuilder* parent)
      : proto_(proto),
        opset_(opset),
        folder_(folder),
        parent_(parent),
        node_names_(NodeNames(proto)) {}

  Expected<Graph> Build();

  int opset() const override { return opset_; }
  const Tensor* Constant(ValueId id) const override;
  Expected<TensorType> Type(ValueId id) override;
  bool IsRead(ValueId id) const override { return read_.contains(id); }
  ValueId AddConstant(const Draft& node, std::string_view what, Tensor tensor) override;
  ValueId AddValue(const Draft& node, std::string_view what) override;
  void SetConstant(ValueId id, Tensor tensor) override;
  Expected<void> Emit(Draft node) override;

 private:
  Expected<ValueId> Declare(const std::string& name, std::string_view by);
  Expected<void> AddInitializers();
  Expected<void> AddInputs();
  Expected<void> AddNodeOutputs();
  Expected<void> AddReads();
  Expected<void> AddOutputs();
  Expected<void> AddNode(int index);
  Expected<void> AddSubgraphs(const onnx::NodeProto& proto, Draft& draft);
  Expected<ValueId> Find(const std::string& name);
  Expected<Draft> MakeDraft(int index);
  std::string Where(int index) const;
  std::string FreshName(const Draft& node, std::string_view what) const;

  const onnx::GraphProto& proto_;
  int opset_;
  const std::string& folder_;
  GraphBuilder* parent_;  // of a graph inside a node: the graph around it
  std::vector<std::string> node_names_;
  Graph graph_;
  std::vector<ValueId> captured_;  // the parent's values behind the last inputs
  std::unordered_map<std::string, ValueId> ids_;
  std::unordered_set<ValueId> read_;
};

std::string GraphBuilder::Where(int index) const {
  return fmt::format("node '{}' ({})", node_names_[static_cast<std::size_t>(index)],
                     proto_.node(index).op_type());
}

std::string GraphBuilder::FreshName(const Draft& node, std::string_view what) const {
  std::string name = fmt::format("{}.{}", node.name, what);
  for (int k = 2; ids_.contains(name); ++k) name = fmt::format("{}.{}_{}", node.name, what, k);
  return name;
}

const Tensor* GraphBuilder::Constant(ValueId id) const {
  if (id == kNoValue) return nullptr;
  const Value& value = graph_.value(id);
  return value.constant ? &*value.constant : nullptr;
}

Expected<TensorType> GraphBuilder::Type(ValueId id) {
  if (const Tensor* constant = Constant(id)) return constant->type();
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(graph_, 1));
  BW_ASSIGN(const InferredTypes inferred, InferTypes(graph_, shapes, Open::kLeave));
  const auto place = static_cast<std::size_t>(id);
  if (parent_ != nullptr || inferred.open[place] != 0) {
    return Fail("the type of '{}' follows from data, a fixed one is needed in opset {}",
                graph_.value(id).name, opset_);
  }
  return inferred.types[place];
}

ValueId GraphBuilder::AddConstant(const Draft& node, std::string_view what, Tensor tensor) {
  const ValueId id = AddValue(node, what);
  SetConstant(id, std::move(tensor));
  return id;
}

ValueId GraphBuilder::AddValue(const Draft& node, std::string_view what) {
  std::string name = FreshName(node, what);
  const ValueId id = graph_.AddValue(name, {});
  ids_.emplace(std::move(name), id);
  return id;
}

void GraphBuilder::SetConstant(ValueId id, Tensor tensor) {
  Value& value = graph_.value(id);
  value.type = tensor.type();
  value.constant = std::move(tensor);
}

Expected<void> GraphBuilder::Emit(Draft node) {
  while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
  while (!node.outputs.empty() && node.outputs.back() == kNoValue) node.outputs.pop_back();
  const OpDef* op = FindOp(node.op, node.domain);
  BW_CHECK(op != nullptr);
  const bool by_schema = op->since <= kGraphOpset && op->domain.empty() && op->control == nullptr;
  if (by_schema) BW_TRY(CheckArity(node, kGraphOpset));
  graph_.nodes.push_back({std::move(node.name), op, std::move(node.inputs), std::move(node.outputs),
                          std::move(node.attributes)});
  return {};
}

Expected<ValueId> GraphBuilder::Declare(const std::string& name, std::string_view by) {
  if (name.empty()) return Fail("{}: has no name, one is needed", by);
  const ValueId id = static_cast<ValueId>(graph_.values.size());
  if (!ids_.emplace(name, id).second) {
    return Fail("{}: value '{}' is defined twice, once is allowed", by, name);
  }
  return graph_.AddValue(name, {});
}

Expected<void> GraphBuilder::AddInitializers() {
  if (proto_.sparse_initializer_size() > 0) {
    return Fail("initializer '{}': is sparse, dense ones are allowed",
                proto_.sparse_initializer(0).values().name());
  }
  for (const onnx::TensorProto& initializer : proto_.initializer()) {
    BW_ASSIGN(const ValueId id, Declare(initializer.name(), "initializer"));
    auto tensor = TensorFromProto(initializer, folder_);
    if (!tensor) {
      return Context(fmt::format("initializer '{}'", initializer.name()),
                     std::move(tensor).error());
    }
    SetConstant(id, *std::move(tensor));
  }
  return {};
}

// Before IR version 4 every initializer was listed as an input too: those are constants, not
// inputs.
Expected<void> GraphBuilder::AddInputs() {
  std::unordered_set<std::string> seen;
  for (const onnx::ValueInfoProto& input : proto_.input()) {
    if (!seen.insert(input.name()).second) {
      return Fail("input '{}': is listed twice, once is allowed", input.name());
    }
    if (ids_.contains(input.name())) continue;
    BW_ASSIGN(const ValueId id, Declare(input.name(), "input"));
    auto type = parent_ != nullptr ? InnerInputType(input) : InputType(input);
    if (!type) return Context(fmt::format("input '{}'", input.name()), std::move(type).error());
    graph_.value(id).type = *std::move(type);
    graph_.inputs.push_back(id);
  }
  return {};
}

Expected<void> GraphBuilder::AddNodeOutputs() {
  for (int i = 0; i < proto_.node_size(); ++i) {
    for (const std::string& name : proto_.node(i).output()) {
      if (!name.empty()) BW_TRY(Declare(name, Where(i)));
    }
  }
  return {};
}

Expected<void> GraphBuilder::AddOutputs() {
  for (const onnx::ValueInfoProto& output : proto_.output()) {
    const auto found = Find(output.name());
    if (!found) {
      return Fail("output '{}': nothing defines it, a node, input or initializer must",
                  output.name());
    }
    const bool twice =
        std::find(graph_.outputs.begin(), graph_.outputs.end(), *found) != graph_.outputs.end();
    if (twice && parent_ == nullptr) {
      return Fail("output '{}': is listed twice, once is allowed", output.name());
    }
    graph_.outputs.push_back(*found);
    read_.insert(*found);
  }
  if (graph_.outputs.empty()) return Fail("the graph has no outputs, at least one is needed");
  return {};
}

Expected<Draft> GraphBuilder::MakeDraft(int index) {
  const onnx::NodeProto& proto = proto_.node(index);
  Draft draft{node_names_[static_cast<std::size_t>(index)], proto.op_type(), {}, {}, {}};
  if (!IsOnnxDomain(proto.domain())) draft.domain = proto.domain();
  for (const std::string& name : proto.input()) {
    draft.inputs.push_back(name.empty() ? kNoValue : ids_.at(name));
  }
  for (const std::string& name : proto.output()) {
    draft.outputs.push_back(name.empty() ? kNoValue : ids_.at(name));
  }
  BW_ASSIGN(draft.attributes, AttributesFromProto(proto, folder_));
  return draft;
}

// A name of this graph or, inside a node, of one around it: small constants are copied, other
// values become inputs.
Expected<ValueId> GraphBuilder::Find(const std::string& name) {
  constexpr std::int64_t kCopied = 4096;
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  if (parent_ == nullptr) return Fail("'{}' is defined nowhere", name);
  BW_ASSIGN(const ValueId outer, parent_->Find(name));
  const ValueId id = graph_.AddValue(name, parent_->graph_.value(outer).type);
  ids_.emplace(name, id);
  const Tensor* constant = parent_->Constant(outer);
  if (constant != nullptr && constant->size() <= kCopied) {
    SetConstant(id, *constant);
  } else {
    graph_.inputs.push_back(id);
    captured_.push_back(outer);
  }
  return id;
}

Expected<void> GraphBuilder::AddSubgraphs(const onnx::NodeProto& proto, Draft& draft) {
  std::vector<std::pair<std::string, std::unique_ptr<GraphBuilder>>> inner;
  std::size_t own = draft.inputs.size();
  std::vector<std::shared_ptr<Subgraph>> graphs;
  for (const onnx::AttributeProto& attribute : proto.attribute()) {
    if (!attribute.has_g()) continue;
    GraphBuilder builder(attribute.g(), opset_, folder_, this);
    auto graph = builder.Build();
    if (!graph) return Context(attribute.name(), std::move(graph).error());
    graphs.push_back(std::make_shared<Subgraph>(Subgraph{*std::move(graph), {}}));
    inner.emplace_back(attribute.name(), std::make_unique<GraphBuilder>(std::move(builder)));
    if (proto.op_type() == "Loop")
      own =
          std::max(own, graphs.back()->graph.inputs.size() - inner.back().second->captured_.size());
  }
  draft.inputs.resize(own, kNoValue);
  for (std::size_t i = 0; i < inner.size(); ++i) {
    for (const ValueId id : inner[i].second->captured_) {
      graphs[i]->captured.push_back(draft.inputs.size());
      draft.inputs.push_back(id);
    }
    draft.attributes.graphs[inner[i].first] = graphs[i];
  }
  return {};
}

// Before opset 7 broadcasting and many attributes were others; these operators were as they are.
Expected<void> CheckAge(const Draft& node, int opset) {
  constexpr std::string_view kUnchanged[] = {
      "Elu",           "Exp",         "GlobalAveragePool",
      "GlobalMaxPool", "HardSigmoid", "InstanceNormalization",
      "LeakyRelu",     "Log",         "Not",
      "Relu",          "Selu",        "Shape",
      "Sigmoid",       "Size",        "Softplus",
      "Softsign",      "Tanh",        "Transpose"};
  if (opset >= 7) return {};
  const bool same =
      std::find(std::begin(kUnchanged), std::end(kUnchanged), node.op) != std::end(kUnchanged);
  if (same) return {};
  return Fail(
      "opset is {}, {} is understood from opset 7 on; convert the model with "
      "onnx.version_converter",
      opset, node.op);
}

Expected<void> GraphBuilder::AddNode(int index) {
  BW_ASSIGN(Draft draft, MakeDraft(index));
  BW_TRY(CheckAge(draft, opset_));
  if (opset_ < 6) draft.attributes.items.erase("consumed_inputs");
  const Upgrade* upgrade = draft.domain.empty() ? FindUpgrade(draft.op) : nullptr;
  BW_TRY(CheckAttributes(draft, opset_, upgrade));
  if (draft.domain.empty()) BW_TRY(CheckArity(draft, opset_));
  BW_TRY(AddSubgraphs(proto_.node(index), draft));
  if (upgrade != nullptr) {
    BW_TRY(upgrade->apply(*this, draft));
    if (upgrade->becomes == kNoNode) return {};
  }
  return Emit(std::move(draft));
}

Expected<void> GraphBuilder::AddReads() {
  for (int i = 0; i < proto_.node_size(); ++i) {
    for (const std::string& name : ReadNames(proto_.node(i))) {
      if (name.empty()) continue;
      const auto found = Find(name);
      if (!found) {
        return Fail(
            "{}: input '{}' is defined nowhere, a node, input or initializer must define it",
            Where(i), name);
      }
      read_.insert(*found);
    }
  }
  return {};
}

Expected<Graph> GraphBuilder::Build() {
  graph_.name = proto_.name();
  BW_TRY(AddInitializers());
  BW_TRY(AddInputs());
  BW_TRY(AddNodeOutputs());
  BW_TRY(AddReads());
  BW_TRY(AddOutputs());
  BW_ASSIGN(const std::vector<int> order, ExecutionOrder(proto_, node_names_));
  for (const int index : order) {
    if (auto added = AddNode(index); !added) {
      return Context(Where(index), std::move(added).error());
    }
  }
  BW_TRY(CheckInfinities(graph_));
  return std::move(graph_);
}

}  // namespace

Expected<Graph> BuildGraph(const onnx::GraphProto& proto, int opset, const std::string& folder) {
  return GraphBuilder(proto, opset, folder, nullptr).Build();
}

}  // namespace bw
