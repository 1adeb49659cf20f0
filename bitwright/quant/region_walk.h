#pragma once
// A network and another that came from it, walked side by side: region by region in execution
// order, the rows of all samples held where a region begins, so that what changes a region's layers
// one after the other runs that region alone.

#include <vector>

#include "bitwright/data/dataset.h"
#include "bitwright/graph/infer.h"
#include "bitwright/quant/runner.h"

namespace bw {

// One region of both networks, and the rows in front of it: one sample for each row.
struct WalkedRegion {
  Graph wanted, given;
  Dataset wanted_rows, given_rows;
};

class RegionWalk {
 public:
  // `given` has the value ids of `wanted`, and nodes between them. Walks the first samples of
  // `data`: at most 512, fewer where 1.5 GB (a quarter of FreeMemory, base/memory.h, where that is
  // less) do not hold the input's rows, or `macs` multiply-accumulates do not pay for running both
  // networks up to each layer of its region (at least 32). The graphs must outlive the walk.
  static Expected<RegionWalk> Create(const Graph& wanted, const Graph& given, const Dataset& data,
                                     double macs);

  std::size_t samples() const { return samples_; }
  std::size_t regions() const { return cuts_.size(); }
  bool AtEnd() const { return next_ == cuts_.size(); }

  // The next region, with the constants that `given` has by now.
  Expected<WalkedRegion> Next();

  // Goes on to the next region; the runners are of the regions last given, as their layers are now.
  Expected<void> Leave(const WalkedRegion& region, Runner& wanted, Runner& given);

 private:
  RegionWalk(const Graph& wanted, const Graph& given) : wanted_(&wanted), given_(&given) {}
  Expected<void> FindCuts(double most);
  Expected<double> Cost() const;
  std::vector<ValueId> OutputsOf(std::size_t region) const;

  const Graph *wanted_, *given_;
  InferredTypes wanted_types_, given_types_;
  std::vector<ValueId> cuts_;  // where regions begin
  std::size_t samples_ = 0, next_ = 0;
  std::optional<Dataset> wanted_rows_, given_rows_;
};

}  // namespace bw
