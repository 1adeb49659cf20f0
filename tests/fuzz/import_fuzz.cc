// Mutated models against the ONNX importer and the interpreter: whatever a file holds, the answer
// is a graph or an error, never a crash.
//
//   import_fuzz <seconds> <seed> <model>...
//
// Each round takes a model, changes bytes, or fields of its messages, and imports it; small graphs
// that import are run on zeros. Prints the seed of each round that takes long; a crash prints where
// it was by the sanitizers.
#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <chrono>
#include <cstdlib>

#include "bitwright/base/file.h"
#include "bitwright/base/rng.h"
#include "bitwright/graph/infer.h"
#include "bitwright/onnx/import.h"
#include "bitwright/runtime/interpreter.h"

namespace bw {
namespace {

constexpr std::int64_t kNumbers[] = {0,  1,       -1,        2,         3,         7,
                                     -7, 1 << 20, 1LL << 33, 1LL << 62, INT64_MIN, INT64_MAX};

std::int64_t AnyNumber(Rng& rng) { return kNumbers[rng.Below(std::size(kNumbers))]; }

// Flips, overwrites, cuts out or repeats bytes.
std::string MutateBytes(std::string bytes, Rng& rng) {
  for (std::uint64_t i = 0; i <= rng.Below(8) && !bytes.empty(); ++i) {
    const std::size_t at = rng.Below(bytes.size());
    const std::size_t count = std::min<std::size_t>(rng.Below(16) + 1, bytes.size() - at);
    switch (rng.Below(4)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << rng.Below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(rng.Below(256));
        break;
      case 2:
        bytes.erase(at, count);
        break;
      default:
        bytes.insert(at, bytes.substr(at, count));
    }
  }
  return bytes;
}

void MutateTensor(onnx::TensorProto& tensor, Rng& rng) {
  switch (rng.Below(3)) {
    case 0:
      if (tensor.dims_size() > 0) {
        tensor.set_dims(static_cast<int>(rng.Below(static_cast<std::uint64_t>(tensor.dims_size()))),
                        AnyNumber(rng));
      }
      break;
    case 1:
      tensor.set_data_type(static_cast<int>(rng.Below(24)));
      break;
    default:
      for (auto& x : *tensor.mutable_int64_data()) x = AnyNumber(rng);
      if (tensor.has_raw_data()) tensor.set_raw_data(MutateBytes(tensor.raw_data(), rng));
  }
}

void MutateGraph(onnx::GraphProto& graph, Rng& rng);

void MutateAttribute(onnx::AttributeProto& attribute, Rng& rng) {
  if (attribute.has_g()) return MutateGraph(*attribute.mutable_g(), rng);
  if (attribute.has_t()) return MutateTensor(*attribute.mutable_t(), rng);
  if (attribute.has_i()) attribute.set_i(AnyNumber(rng));
  if (attribute.has_s()) attribute.set_s(MutateBytes(attribute.s(), rng));
  if (attribute.has_f()) attribute.set_f(static_cast<float>(AnyNumber(rng)));
  for (auto& x : *attribute.mutable_ints()) x = rng.Below(2) == 0 ? x : AnyNumber(rng);
  if (rng.Below(4) == 0) attribute.add_ints(AnyNumber(rng));
}

// The name of some value of the graph.
std::string AnyName(const onnx::GraphProto& graph, Rng& rng) {
  if (graph.node_size() == 0) return "";
  const auto& node = graph.node(static_cast<int>(rng.Below(graph.node_size())));
  const auto& names = rng.Below(2) == 0 ? node.input() : node.output();
  return names.empty() ? "" : names[static_cast<int>(rng.Below(names.size()))];
}

void MutateNode(onnx::NodeProto& node, const onnx::GraphProto& graph, Rng& rng) {
  switch (rng.Below(6)) {
    case 0:
      if (node.input_size() > 0) {
        node.set_input(static_cast<int>(rng.Below(node.input_size())), AnyName(graph, rng));
      }
      break;
    case 1:
      if (node.output_size() > 0) node.set_output(0, AnyName(graph, rng));
      break;
    case 2:
      node.set_op_type(graph.node(static_cast<int>(rng.Below(graph.node_size()))).op_type());
      break;
    case 3:
      node.add_input(AnyName(graph, rng));
      break;
    case 4:
      if (node.input_size() > 0) node.mutable_input()->RemoveLast();
      break;
    default:
      if (node.attribute_size() > 0) {
        MutateAttribute(*node.mutable_attribute(static_cast<int>(rng.Below(node.attribute_size()))),
                        rng);
      }
  }
}

void MutateShape(onnx::ValueInfoProto& input, Rng& rng) {
  auto& tensor = *input.mutable_type()->mutable_tensor_type();
  if (rng.Below(4) == 0) tensor.set_elem_type(static_cast<int>(rng.Below(12)));
  auto& dims = *tensor.mutable_shape()->mutable_dim();
  if (dims.empty()) return;
  dims[static_cast<int>(rng.Below(dims.size()))].set_dim_value(AnyNumber(rng));
}

void MutateGraph(onnx::GraphProto& graph, Rng& rng) {
  const std::uint64_t kind = rng.Below(8);
  if (kind == 0 && graph.initializer_size() > 0) {
    MutateTensor(*graph.mutable_initializer(static_cast<int>(rng.Below(graph.initializer_size()))),
                 rng);
  } else if (kind == 1 && graph.input_size() > 0) {
    MutateShape(*graph.mutable_input(static_cast<int>(rng.Below(graph.input_size()))), rng);
  } else if (graph.node_size() > 0) {
    MutateNode(*graph.mutable_node(static_cast<int>(rng.Below(graph.node_size()))), graph, rng);
  }
}

std::string Mutate(const std::string& bytes, Rng& rng) {
  onnx::ModelProto model;
  if (rng.Below(4) == 0 || !model.ParseFromString(bytes)) return MutateBytes(bytes, rng);
  for (std::uint64_t i = 0; i <= rng.Below(4); ++i) MutateGraph(*model.mutable_graph(), rng);
  return model.SerializeAsString();
}

// Everything that the graph may compute at batch 1 is small.
bool IsSmall(const Graph& graph, const std::vector<TensorPtr>& inputs) {
  constexpr std::int64_t kElements = 1 << 16, kMacs = 1 << 22;
  std::vector<Shape> shapes;
  for (const TensorPtr& input : inputs) shapes.push_back(input->shape());
  const auto types = InferTypes(graph, shapes, Open::kLeave);
  if (!types) return false;
  std::int64_t elements = 0;
  for (std::size_t v = 0; v < types->types.size(); ++v) {
    if (types->open[v] != 0) return false;
    const Shape& shape = types->types[v].shape;
    if (std::any_of(shape.begin(), shape.end(), [](std::int64_t x) { return x < 0; })) return false;
    elements += std::min(ElementCount(shape), kMacs);
  }
  return elements <= kElements;
}

bool RunOnZeros(const Graph& graph) {
  std::vector<TensorPtr> inputs;
  for (const ValueId id : graph.inputs) {
    Shape shape = graph.value(id).type.shape;
    std::int64_t count = 1;
    for (std::int64_t& extent : shape) {
      if (extent < 0) extent = 1;
      if (__builtin_mul_overflow(count, extent, &count) || count > (1 << 16)) return false;
    }
    inputs.push_back(std::make_shared<Tensor>(graph.value(id).type.dtype, shape));
  }
  if (!IsSmall(graph, inputs)) return false;
  return Interpreter(graph).Run(inputs).has_value();
}

int Main(double seconds, std::uint64_t seed, const std::vector<std::string>& models) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  std::uint64_t rounds = 0, imported = 0, ran = 0;
  while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    Rng rng(seed + rounds);
    const auto before = Clock::now();
    const std::string bytes = Mutate(models[rng.Below(models.size())], rng);
    if (std::getenv("FUZZ_KEEP") != nullptr) (void)WriteFile(std::getenv("FUZZ_KEEP"), bytes);
    if (const auto graph = ImportOnnxBytes(bytes, "", "fuzz")) {
      ++imported;
      if (RunOnZeros(*graph)) ++ran;
    }
    const double took = std::chrono::duration<double>(Clock::now() - before).count();
    if (took > 5) fmt::print("seed {}: took {:.1f} s\n", seed + rounds, took);
    ++rounds;
  }
  fmt::print("{} rounds, {} imported, {} ran\n", rounds, imported, ran);
  return 0;
}

}  // namespace
}  // namespace bw

int main(int argc, char** argv) {
  std::vector<std::string> models;
  for (int i = 3; i < argc; ++i) {
    auto bytes = bw::ReadFile(argv[i]);
    if (!bytes) {
      fmt::print("{}\n", bytes.error().message);
      return 2;
    }
    models.push_back(*std::move(bytes));
  }
  if (models.empty()) return 2;
  return bw::Main(std::atof(argv[1]), std::strtoull(argv[2], nullptr, 10), models);
}
