#include "bitwright/cost/node_times.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "bitwright/base/file.h"
#include "bitwright/base/rng.h"
#include "bitwright/graph/op.h"
#include "bitwright/runtime/executor.h"
#include "bitwright/runtime/lower.h"
#include "bitwright/runtime/machine.h"

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kLeastRuns = 7, kMostRuns = 1000;
constexpr double kSeconds = 0.004;

// What the speed depends on; numbers like scales and bounds are left out.
std::string Text(const Attribute& attribute) {
  if (const auto* number = std::get_if<std::int64_t>(&attribute)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&attribute)) return *text;
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&attribute))
    return fmt::format("{}", fmt::join(*list, ","));
  return "";
}

std::string KeyOf(const Node& node, const Graph& graph, const InferredTypes& types) {
  std::string key(node.op->name);
  for (const auto& [name, attribute] : node.attributes.items) {
    if (name != "zero") key += fmt::format(" {}={}", name, Text(attribute));
  }
  const auto add = [&](ValueId id) {
    if (id == kNoValue) return;
    const TensorType& type = types.types[static_cast<std::size_t>(id)];
    key += fmt::format(" {}{}{}", graph.value(id).constant ? "const " : "", DTypeName(type.dtype),
                       ShapeText(type.shape));
  };
  for (const ValueId id : node.inputs) add(id);
  key += " ->";
  for (const ValueId id : node.outputs) add(id);
  return key;
}

bool Converts(const Node& node) {
  const std::string_view op = node.op->name;
  return op == "FakeQuantize" || op == "ToInteger" || op == "FromInteger";
}

// The keys of the nodes that count, by node; empty for the others.
std::vector<std::string> Keys(const Graph& graph, const InferredTypes& types, bool only_rounds) {
  std::set<ValueId> prepared(graph.inputs.begin(), graph.inputs.end());
  std::vector<std::string> keys;
  for (const Node& node : graph.nodes) {
    const bool prepares = !only_rounds && Converts(node) && prepared.contains(node.inputs[0]);
    if (prepares) prepared.insert(node.outputs.begin(), node.outputs.end());
    const bool counts = !prepares && !node.name.starts_with(kPieceReader);
    keys.push_back(counts ? KeyOf(node, graph, types) : "");
  }
  return keys;
}

std::vector<Tensor> RandomInputs(const std::vector<Shape>& shapes) {
  Rng rng(1);
  std::vector<Tensor> inputs;
  for (const Shape& shape : shapes) {
    inputs.emplace_back(DType::kFloat32, shape);
    for (float& x : inputs.back().span<float>()) x = static_cast<float>(rng.Uniform(0, 1));
  }
  return inputs;
}

Json ReadTimes(const std::string& file) {
  const auto text = file.empty() ? Expected<std::string>("") : ReadFile(file);
  if (!text) return Json::object();
  Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || json.value("cpu", "") != CpuName() || json.value("isa", "") != IsaName())
    return Json::object();
  return json.value("nanoseconds", Json::object());
}

}  // namespace

NodeTimes::NodeTimes(std::string file) : file_(std::move(file)) {
  const Json times = ReadTimes(file_);
  for (const auto& [key, value] : times.items()) {
    if (value.is_number()) known_[key] = value.get<double>();
  }
}

NodeTimes::~NodeTimes() {
  if (!changed_ || file_.empty()) return;
  Json times = ReadTimes(file_);
  for (const auto& [key, value] : known_) times[key] = value;
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), ignored);
  const Json json = {{"cpu", CpuName()}, {"isa", IsaName()}, {"nanoseconds", times}};
  // A cache may fail.
  if (!WriteFile(file_, json.dump(1) + "\n")) return;
}

Expected<void> NodeTimes::Measure(const Graph& graph, const std::vector<Shape>& shapes,
                                  const std::vector<std::string>& keys) {
  BW_ASSIGN(Executor executor, Executor::Create(graph, shapes, {}));
  const std::vector<Tensor> inputs = RandomInputs(shapes);
  const std::vector<ConstTensorRef> refs(inputs.begin(), inputs.end());
  executor.Run(refs);
  std::map<const Node*, double> least;
  const auto start = std::chrono::steady_clock::now();
  for (int run = 0; run < kMostRuns; ++run) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    if (run >= kLeastRuns && spent.count() > kSeconds) break;
    executor.StartProfile();
    executor.Run(refs);
    for (const Executor::NodeTime& time : executor.Profile()) {
      const auto [found, is_new] = least.emplace(time.node, time.seconds);
      if (!is_new) found->second = std::min(found->second, time.seconds);
    }
  }
  for (std::size_t n = 0; n < keys.size(); ++n) {
    const auto found = least.find(&graph.nodes[n]);
    // A node that the executor folded away takes no time.
    const double seconds = found == least.end() ? 0 : found->second;
    if (!keys[n].empty()) known_.emplace(keys[n], seconds * 1e9);
  }
  changed_ = true;
  return {};
}

Expected<NodeTimes::Times> NodeTimes::Of(const Piece& piece) {
  const bool only_rounds = std::all_of(
      piece.graph.nodes.begin(), piece.graph.nodes.end(),
      [](const Node& node) { return Converts(node) || node.name.starts_with(kPieceReader); });
  const Lowered lowered = LowerToIntegers(piece.graph);
  BW_ASSIGN(const InferredTypes types, InferTypes(lowered.graph, piece.inputs));
  const std::vector<std::string> keys = Keys(lowered.graph, types, only_rounds);
  const std::lock_guard lock(mutex_);
  const auto known = [&](const std::string& key) { return key.empty() || known_.contains(key); };
  if (!std::all_of(keys.begin(), keys.end(), known))
    BW_TRY(Measure(lowered.graph, piece.inputs, keys));
  Times times;
  for (std::size_t n = 0; n < keys.size(); ++n) {
    if (keys[n].empty()) continue;
    times.total_ns += known_.at(keys[n]);
    times.by_op[std::string(lowered.graph.nodes[n].op->name)] += known_.at(keys[n]);
  }
  return times;
}

}  // namespace bw
