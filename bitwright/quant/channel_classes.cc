#include "bitwright/quant/channel_classes.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <set>

#include "bitwright/graph/op.h"

namespace bw {
namespace {

std::size_t Index(std::int64_t i) { return static_cast<std::size_t>(i); }

// Sets of channels that grow together (union-find with path halving).
class Unions {
 public:
  int Add() {
    parent_.push_back(static_cast<int>(parent_.size()));
    return parent_.back();
  }
  int Root(int i) {
    while (parent_[Index(i)] != i) i = parent_[Index(i)] = parent_[Index(parent_[Index(i)])];
    return i;
  }
  void Tie(int a, int b) { parent_[Index(Root(a))] = Root(b); }
  int size() const { return static_cast<int>(parent_.size()); }

 private:
  std::vector<int> parent_;
};

// Operators of one data input that commute with a positive factor for each channel. LeakyRelu and
// Relu are positively homogeneous; pools take maxima or means within a channel.
bool IsHomogeneous(const Node& node) {
  static const std::set<std::string_view> kNames = {"Relu",
                                                    "LeakyRelu",
                                                    "Identity",
                                                    "Dropout",
                                                    "MaxPool",
                                                    "AveragePool",
                                                    "GlobalAveragePool",
                                                    "GlobalMaxPool",
                                                    "Neg",
                                                    "Abs",
                                                    "LpPool",
                                                    "PRelu"};
  return node.op->domain.empty() && kNames.contains(node.op->name) && node.outputs.size() == 1;
}

bool IsReshape(const Node& node) {
  static const std::set<std::string_view> kNames = {"Flatten", "Reshape", "Squeeze", "Unsqueeze"};
  return node.op->domain.empty() && kNames.contains(node.op->name);
}

}  // namespace

class ChannelClassFinder {
 public:
  ChannelClassFinder(const Graph& graph, const InferredTypes& types)
      : graph_(graph), types_(types), uses_(UseCounts(graph)) {}

  ChannelClasses Run() {
    MakeChannels();
    for (const ValueId id : graph_.inputs) Fix(id);
    for (const ValueId id : graph_.outputs) Fix(id);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) Visit(n);
    return Number();
  }

 private:
  const Shape& ShapeOf(ValueId id) const { return types_.types[Index(id)].shape; }
  const Tensor* Constant(ValueId id) const { return types_.Constant(graph_, id); }

  void MakeChannels() {
    channels_.resize(graph_.values.size());
    for (std::size_t v = 0; v < graph_.values.size(); ++v) {
      const TensorType& type = types_.types[v];
      if (Constant(static_cast<ValueId>(v)) != nullptr || type.dtype != DType::kFloat32) continue;
      if (type.shape.size() < 2) continue;
      for (std::int64_t c = 0; c < type.shape[1]; ++c) channels_[v].push_back(unions_.Add());
    }
    bounds_.resize(Index(unions_.size()), std::numeric_limits<double>::infinity());
  }

  void Fix(ValueId id) {
    if (id == kNoValue) return;
    for (const int channel : channels_[Index(id)]) fixed_.push_back(channel);
  }
  void FixAll(const Node& node) {
    for (const ValueId id : node.inputs) Fix(id);
    for (const ValueId id : node.outputs) Fix(id);
  }

  // Channel c of one value with channel c + offset of another.
  void Tie(ValueId a, ValueId b, std::size_t offset = 0) {
    const std::vector<int>&x = channels_[Index(a)], &y = channels_[Index(b)];
    for (std::size_t c = 0; c < x.size() && c + offset < y.size(); ++c)
      unions_.Tie(x[c], y[c + offset]);
  }

  void Visit(std::size_t index) {
    const Node& node = graph_.nodes[index];
    const bool done = VisitLayer(index) || (IsHomogeneous(node) && TieOne(node)) ||
                      VisitSum(node) || VisitClip(node) || VisitMove(node) || VisitReshape(node);
    if (!done) FixAll(node);
  }

  bool ReadOnce(ValueId id) const { return uses_[Index(id)] == 1; }

  bool VisitLayer(std::size_t index) {
    const std::optional<LinearLayer> layer = FindLinearLayer(graph_, types_, index);
    if (!layer || !ReadOnce(layer->weight)) return false;
    if (layer->bias != kNoValue && !ReadOnce(layer->bias)) return false;
    result_.layers_.push_back(*layer);
    return true;
  }

  bool TieOne(const Node& node) {
    const ValueId from = node.inputs[0], to = node.outputs[0];
    if (channels_[Index(from)].size() != channels_[Index(to)].size()) return false;
    Tie(from, to);
    return true;
  }

  // Add and Sub of two values with as many channels each, or of a value and a constant.
  bool VisitSum(const Node& node) {
    if (node.op->name != "Add" && node.op->name != "Sub") return false;
    const ValueId out = node.outputs[0];
    for (const ValueId id : node.inputs) {
      if (Constant(id) == nullptr && ShapeOf(id).size() != ShapeOf(out).size()) return false;
      if (Constant(id) == nullptr && channels_[Index(id)].size() != channels_[Index(out)].size())
        return false;
    }
    for (const ValueId id : node.inputs) {
      if (Constant(id) != nullptr && !AddAddend(id, out)) return false;
    }
    for (const ValueId id : node.inputs) {
      if (Constant(id) == nullptr) Tie(id, out);
    }
    return true;
  }

  // A constant with the output's channels where broadcasting puts them.
  bool AddAddend(ValueId id, ValueId out) {
    const Shape& shape = ShapeOf(id);
    const std::size_t rank = ShapeOf(out).size();
    if (!graph_.value(id).constant || !ReadOnce(id) || shape.size() + 1 < rank) return false;
    const std::size_t axis = shape.size() + 1 - rank;
    if (shape[axis] != ShapeOf(out)[1]) return false;
    std::int64_t inner = 1;
    for (std::size_t a = axis + 1; a < shape.size(); ++a) inner *= shape[a];
    addends_.push_back({id, {}});
    for (std::int64_t e = 0; e < ElementCount(shape); ++e)
      addends_.back().classes.push_back(channels_[Index(out)][Index(e / inner % shape[axis])]);
    return true;
  }

  // Clip from zero (Relu6): homogeneous where nothing reaches the upper bound.
  bool VisitClip(const Node& node) {
    if (node.op->name != "Clip") return false;
    std::array<double, 2> bounds = {-std::numeric_limits<double>::infinity(),
                                    std::numeric_limits<double>::infinity()};
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue) continue;
      const Tensor* bound = Constant(node.inputs[i]);
      if (bound == nullptr || bound->size() != 1) return false;
      bounds[i - 1] = static_cast<double>(bound->span<float>()[0]);
    }
    if (bounds[0] != 0 || bounds[1] <= 0) return false;
    for (const int channel : channels_[Index(node.outputs[0])])
      bounds_[Index(channel)] = std::min(bounds_[Index(channel)], bounds[1]);
    return TieOne(node);
  }

  bool VisitMove(const Node& node) {
    if (node.op->name == "Concat") return TieConcat(node);
    if (node.op->name == "Pad") return TiePad(node);
    if (node.op->name == "Slice") return KeepsChannels(node) && TieOne(node);
    if (node.op->name == "ReduceMean") return ReducesPositions(node) && TieOne(node);
    return false;
  }

  // As many channels as before are the same channels, unless a step of -1 turned them around.
  bool KeepsChannels(const Node& node) const {
    const Shape &from = ShapeOf(node.inputs[0]), &to = ShapeOf(node.outputs[0]);
    if (from.size() < 2 || from[1] != to[1]) return false;
    if (node.inputs.size() < 5 || node.inputs[4] == kNoValue) return true;
    const Tensor* steps = Constant(node.inputs[4]);
    if (steps == nullptr || steps->dtype() != DType::kInt64) return false;
    const auto values = steps->span<std::int64_t>();
    return std::all_of(values.begin(), values.end(), [](std::int64_t step) { return step > 0; });
  }

  bool ReducesPositions(const Node& node) const {
    const auto rank = static_cast<std::int64_t>(ShapeOf(node.inputs[0]).size());
    const std::vector<std::int64_t> axes = node.attributes.Ints("axes", {});
    return !axes.empty() && std::all_of(axes.begin(), axes.end(), [&](std::int64_t axis) {
      return (axis + rank) % rank >= 2;
    });
  }

  bool TieConcat(const Node& node) {
    const auto rank = static_cast<std::int64_t>(ShapeOf(node.outputs[0]).size());
    const std::int64_t axis = (node.attributes.Int("axis", 0) + rank) % rank;
    std::size_t offset = 0;
    for (const ValueId id : node.inputs) {
      if (channels_[Index(id)].empty()) return false;
      Tie(id, node.outputs[0], offset);
      if (axis == 1) offset += channels_[Index(id)].size();
    }
    return true;
  }

  // Zeros around.
  bool TiePad(const Node& node) {
    const Tensor* pads = node.inputs.size() > 1 ? Constant(node.inputs[1]) : nullptr;
    if (pads == nullptr || pads->dtype() != DType::kInt64 || node.inputs.size() > 3) return false;
    if (node.attributes.String("mode", "constant") != "constant") return false;
    if (node.inputs.size() == 3 && node.inputs[2] != kNoValue) {
      const Tensor* value = Constant(node.inputs[2]);
      if (value == nullptr || value->dtype() != DType::kFloat32 || value->span<float>()[0] != 0)
        return false;
    }
    if (pads->size() < 4 || pads->span<std::int64_t>()[1] < 0) return false;
    Tie(node.inputs[0], node.outputs[0], Index(pads->span<std::int64_t>()[1]));
    return true;
  }

  // [1, C, ...] <-> [1, C * positions]: each element belongs to its channel.
  bool VisitReshape(const Node& node) {
    if (!IsReshape(node)) return false;
    const std::vector<int>& from = channels_[Index(node.inputs[0])];
    const std::vector<int>& to = channels_[Index(node.outputs[0])];
    const Shape &before = ShapeOf(node.inputs[0]), &after = ShapeOf(node.outputs[0]);
    if (from.empty() || to.empty() || before[0] != 1 || after[0] != 1) return false;
    const bool spreads =
        to.size() % from.size() == 0 && static_cast<std::int64_t>(to.size()) == ElementCount(after);
    if (!spreads && to.size() != from.size()) return false;
    const std::size_t each = to.size() / from.size();
    for (std::size_t c = 0; c < to.size(); ++c) unions_.Tie(to[c], from[c / each]);
    return true;
  }

  // Classes numbered by their first channel.
  ChannelClasses Number() {
    std::vector<int> number(Index(unions_.size()), -1);
    result_.classes_.resize(channels_.size());
    const auto class_of = [&](int channel) {
      int& known = number[Index(unions_.Root(channel))];
      if (known < 0) {
        known = static_cast<int>(result_.fixed_.size());
        result_.fixed_.push_back(0);
        result_.bounds_.push_back(std::numeric_limits<double>::infinity());
      }
      return known;
    };
    for (std::size_t v = 0; v < channels_.size(); ++v) {
      for (const int channel : channels_[v]) {
        const int index = class_of(channel);
        double& bound = result_.bounds_[Index(index)];
        bound = std::min(bound, bounds_[Index(channel)]);
        result_.classes_[v].push_back(index);
      }
    }
    for (const int channel : fixed_) result_.fixed_[Index(class_of(channel))] = 1;
    for (ChannelClasses::Addend& addend : addends_) {
      for (int& channel : addend.classes) channel = class_of(channel);
    }
    result_.addends_ = std::move(addends_);
    return std::move(result_);
  }

  const Graph& graph_;
  const InferredTypes& types_;
  std::vector<int> uses_;
  Unions unions_;
  std::vector<std::vector<int>> channels_;  // by value
  std::vector<int> fixed_;
  std::vector<double> bounds_;  // by channel
  std::vector<ChannelClasses::Addend> addends_;
  ChannelClasses result_;
};

Expected<ChannelClasses> ChannelClasses::Find(const Graph& graph) {
  BW_ASSIGN(const std::vector<Shape> shapes, InputShapes(graph, 1));
  BW_ASSIGN(const InferredTypes types, InferTypes(graph, shapes));
  return ChannelClassFinder(graph, types).Run();
}

}  // namespace bw
