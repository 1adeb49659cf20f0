#pragma once
// Runs of an executor that take from a cache what earlier ones under other roundings computed.

#include <vector>

#include "bitwright/quant/activation_cache.h"

namespace bw {

// By value: whether it is worth keeping for later runs. Candidates are the layers' boundaries:
// values that layers or several nodes read, and the outputs. Where all together exceed `bytes`,
// those go first that spare the least work since the kept value before them, for their size.
std::vector<char> Checkpoints(const Graph& graph, const InferredTypes& types, std::size_t bytes);

// So many bytes that keeping them, copies and fresh memory, takes about a tenth of the time of the
// network's work.
std::size_t BytesWorthKeeping(const Graph& graph, const InferredTypes& types);

// One run on one chunk. The results are those of a whole run, bit for bit.
class CachedRun {
 public:
  // `keys` by value, of the executor's rounding; everything must outlive the run.
  CachedRun(ActivationCache& cache, const std::vector<ValueKey>& keys,
            const std::vector<char>& checkpoints)
      : cache_(cache), keys_(keys), checkpoints_(checkpoints), fresh_(cache.limit()) {}

  void Run(ConstTensorRef input, Executor& executor);

  // Moves what was computed into the cache; only when the executor's results have been read, since
  // they may lie there.
  void Keep() { cache_.Take(fresh_); }

 private:
  ActivationCache& cache_;
  const std::vector<ValueKey>& keys_;
  const std::vector<char>& checkpoints_;
  ActivationCache fresh_;
};

}  // namespace bw
