#include "tests/fuzz/fuzz.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "bitwright/base/file.h"
#include "bitwright/graph/infer.h"
#include "bitwright/runtime/interpreter.h"

namespace bw::fuzz {
namespace {

constexpr std::int64_t kNumbers[] = {0,  1,       -1,        2,         3,         7,
                                     -7, 1 << 20, 1LL << 33, 1LL << 62, INT64_MIN, INT64_MAX};

// Everything that the graph may compute at batch 1 is small.
bool IsSmall(const Graph& graph, const std::vector<TensorPtr>& inputs) {
  constexpr std::int64_t kElements = 1 << 16, kMacs = 1 << 22;
  std::vector<Shape> shapes;
  for (const TensorPtr& input : inputs) shapes.push_back(input->shape());
  const auto types = InferTypes(graph, shapes, Open::kLeave);
  if (!types) return false;
  std::int64_t elements = 0;
  for (std::size_t v = 0; v < types->types.size(); ++v) {
    if (graph.values[v].constant) continue;  // as large as the file
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

std::vector<std::string> ReadModels(int argc, char** argv) {
  std::vector<std::string> models;
  for (int i = 3; i < argc; ++i) {
    auto bytes = ReadFile(argv[i]);
    if (!bytes) {
      fmt::print("{}\n", bytes.error().message);
      return {};
    }
    models.push_back(*std::move(bytes));
  }
  return models;
}

}  // namespace

std::int64_t AnyNumber(Rng& rng) { return kNumbers[rng.Below(std::size(kNumbers))]; }

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

int Main(int argc, char** argv, const Kind& kind) {
  using Clock = std::chrono::steady_clock;
  const std::vector<std::string> models = ReadModels(argc, argv);
  if (models.empty()) return 2;
  const double seconds = std::atof(argv[1]);
  const std::uint64_t seed = std::strtoull(argv[2], nullptr, 10);
  const auto start = Clock::now();
  std::uint64_t rounds = 0, imported = 0, ran = 0;
  while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    Rng rng(seed + rounds);
    const auto before = Clock::now();
    const std::string bytes = kind.mutate(models[rng.Below(models.size())], rng);
    if (std::getenv("FUZZ_KEEP") != nullptr) (void)WriteFile(std::getenv("FUZZ_KEEP"), bytes);
    if (const auto graph = kind.import(bytes)) {
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

}  // namespace bw::fuzz
