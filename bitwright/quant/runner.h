#pragma once
// Runs a network over a data set: fixed chunks of samples on all cores, one executor for each
// worker.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bitwright/base/progress.h"
#include "bitwright/data/dataset.h"
#include "bitwright/runtime/executor.h"

namespace bw {

struct RunnerOptions {
  int threads = 0;  // 0: all cores
  Backend backend = Backend::kFast;
  bool keep_values = false;
  std::size_t chunk_samples = 0;  // 0: by the network and the data
  Batch batch = Batch::kWhole;    // how an executor runs a chunk
};

// The samples of one piece of work. `rows` is what the executor was given: the samples' rows, then
// repeats that only fill the last chunk and mean nothing.
struct Chunk {
  std::size_t index = 0;
  std::size_t first_sample = 0, samples = 0;
  std::int64_t rows = 0;  // without the filling
  Tensor input;           // with the filling, in the network's shape
};

class Runner {
 public:
  // Readies an executor per worker for chunks of this data: about 32 rows, fewer of networks whose
  // activations are large. Workers are as many as FreeMemory (base/memory.h) has room for. Fails
  // when it has not for one, when the network has several inputs, or its input cannot take the
  // samples' shape. The graph must outlive the runner.
  static Expected<Runner> Create(const Graph& graph, const Dataset& data, RunnerOptions options);

  // Calls visit(chunk, executor) for every chunk, after Run on it, from several threads at once.
  // The first error ends the sweep. `progress` is told fractions.
  using Visit = std::function<Expected<void>(const Chunk& chunk, Executor& executor)>;
  Expected<void> ForEachChunk(const Dataset& data, const Visit& visit,
                              const Progress& progress = {}, std::string_view what = {});

  // The same, but visit itself calls executor.Run on the chunk's input.
  Expected<void> Feed(const Dataset& data, const Visit& visit, const Progress& progress = {},
                      std::string_view what = {});

  // The first of `output`'s rows as they belong to the chunk's samples, the filling cut off.
  static ConstTensorRef Rows(const Chunk& chunk, ConstTensorRef output);

  // Does the same to every worker's executor.
  void ForEachExecutor(const std::function<void(Executor&)>& change);

  // Of a chunk.
  const InferredTypes& types() const { return executors_[0].types(); }
  std::size_t workers() const { return executors_.size(); }
  std::size_t chunk_samples() const { return chunk_samples_; }
  std::size_t ChunkCount(const Dataset& data) const {
    return (data.size() + chunk_samples_ - 1) / chunk_samples_;
  }

 private:
  Runner() = default;
  Expected<Chunk> ReadChunk(const Dataset& data, std::size_t index) const;

  std::vector<Executor> executors_;
  std::size_t chunk_samples_ = 1;
  Shape input_shape_;
};

}  // namespace bw
