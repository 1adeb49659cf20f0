#include "bitwright/cost/tiling.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bw {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kMicroFilters = 16, kMicroColumns = 6;  // the authors' micro-kernel
constexpr LoopOrder kMicroOrder = {Loop::kH, Loop::kC, Loop::kW, Loop::kF, Loop::kX, Loop::kY};
constexpr std::array<double, 3> kTimes = {1, 1, 2};  // an output is read and written

std::size_t At(Loop loop) { return static_cast<std::size_t>(loop); }

bool DependsOn(Moved tensor, Loop loop) {
  switch (tensor) {
    case Moved::kInput:
      return loop != Loop::kF;
    case Moved::kKernel:
      return loop != Loop::kX && loop != Loop::kY;
    case Moved::kOutput:
      break;
  }
  return loop == Loop::kF || loop == Loop::kX || loop == Loop::kY;
}

// The loops share a dimension of the input.
bool Slides(Moved tensor, Loop loop) {
  return tensor == Moved::kInput && loop != Loop::kF && loop != Loop::kC;
}

// Down from the whole by halves, at most `count` of them, none under `least`.
std::vector<std::int64_t> Halves(std::int64_t whole, std::int64_t least, std::size_t count) {
  std::vector<std::int64_t> sizes = {whole};
  while (sizes.size() < count && sizes.back() > least)
    sizes.push_back(std::max(least, (sizes.back() + 1) / 2));
  if (sizes.back() > least) sizes.push_back(std::min(whole, least));
  return sizes;
}

// The orders of the four loops that are still open above the micro-kernel.
std::vector<LoopOrder> Orders() {
  std::array<Loop, 4> open = {Loop::kF, Loop::kX, Loop::kY, Loop::kC};
  std::vector<LoopOrder> orders;
  do {
    orders.push_back({open[0], open[1], open[2], open[3], Loop::kW, Loop::kH});
  } while (std::next_permutation(open.begin(), open.end()));
  return orders;
}

std::array<double, 3> AllMoved(const Tile& tile, const Tile& outer, const LoopOrder& order,
                               const Strides& strides) {
  std::array<double, 3> all;
  for (std::size_t t = 0; t < 3; ++t)
    all[t] = kTimes[t] * MovedElements(static_cast<Moved>(t), tile, outer, order, strides);
  return all;
}

bool Beats(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2];
}

bool Within(const Tile& inner, const Tile& outer) {
  return std::equal(inner.begin(), inner.end(), outer.begin(), std::less_equal<>());
}

double Dot(const ElementBits& bits, const std::array<double, 3>& elements) {
  return bits[0] * elements[0] + bits[1] * elements[1] + bits[2] * elements[2];
}

}  // namespace

double Footprint(Moved tensor, const Tile& tile, const Strides& strides) {
  const auto n = [&](Loop loop) { return static_cast<double>(tile[At(loop)]); };
  switch (tensor) {
    case Moved::kInput:
      return n(Loop::kC) * (n(Loop::kX) * static_cast<double>(strides[0]) + n(Loop::kW)) *
             (n(Loop::kY) * static_cast<double>(strides[1]) + n(Loop::kH));
    case Moved::kKernel:
      return n(Loop::kF) * n(Loop::kC) * n(Loop::kW) * n(Loop::kH);
    case Moved::kOutput:
      break;
  }
  return n(Loop::kF) * n(Loop::kX) * n(Loop::kY);
}

double MovedElements(Moved tensor, const Tile& tile, const Tile& outer, const LoopOrder& order,
                     const Strides& strides) {
  Tile touched = tile;
  double times = 1;
  bool reused = true;
  for (const Loop loop : order) {
    const std::size_t i = At(loop);
    if (reused && !DependsOn(tensor, loop)) continue;
    if (reused && Slides(tensor, loop))
      touched[i] = outer[i];
    else
      times *= static_cast<double>(outer[i]) / static_cast<double>(tile[i]);
    reused = false;
  }
  return times * Footprint(tensor, touched, strides);
}

Tilings::Tilings(const Extents& extents, const MemoryHierarchy& memory)
    : whole_{extents.filters,  extents.rows,        extents.columns,
             extents.channels, extents.kernel_rows, extents.kernel_columns},
      strides_{extents.row_stride, extents.column_stride},
      groups_(static_cast<double>(extents.groups)),
      memory_(memory) {
  MakeTiles(extents);
  MakeFirstSteps();
  MakeSteps();
}

// Filters and channels by halves, the plane by halves of its pixels: whole rows, then one row's.
void Tilings::MakeTiles(const Extents& extents) {
  const std::int64_t pixels = extents.rows * extents.columns;
  const auto filters = Halves(extents.filters, std::min(extents.filters, kMicroFilters), 5);
  const auto channels = Halves(extents.channels, 1, 5);
  const auto planes = Halves(pixels, std::min(extents.columns, kMicroColumns), 8);
  for (const std::int64_t f : filters) {
    for (const std::int64_t c : channels) {
      for (const std::int64_t p : planes) {
        const std::int64_t rows = std::max<std::int64_t>(1, p / extents.columns);
        tiles_.push_back({f, rows, std::min(p, extents.columns), c, extents.kernel_rows,
                          extents.kernel_columns});
      }
    }
  }
  std::sort(tiles_.begin(), tiles_.end());
  tiles_.erase(std::unique(tiles_.begin(), tiles_.end()), tiles_.end());
  MarkTilesOfACore();
}

void Tilings::MarkTilesOfACore() {
  std::vector<double> parts;
  for (const Tile& tile : tiles_) {
    double count = groups_;
    for (const std::size_t i : {At(Loop::kF), At(Loop::kX), At(Loop::kY)})
      count *= static_cast<double>(whole_[i]) / static_cast<double>(tile[i]);
    parts.push_back(count);
  }
  const double shares =
      std::min(static_cast<double>(memory_.cores), *std::max_element(parts.begin(), parts.end()));
  for (const double count : parts) of_a_core_.push_back(count >= shares ? 1 : 0);
}

void Tilings::MakeFirstSteps() {
  for (const Tile& tile : tiles_) {
    Tile micro = {kMicroFilters, 1, kMicroColumns, 1, 1, 1};
    for (std::size_t i = 0; i < kLoops; ++i) micro[i] = std::min(micro[i], tile[i]);
    double times = groups_;
    for (std::size_t i = 0; i < kLoops; ++i)
      times *= static_cast<double>(whole_[i]) / static_cast<double>(tile[i]);
    first_.push_back(AllMoved(micro, tile, kMicroOrder, strides_));
    for (double& elements : first_.back()) elements *= times;
  }
}

void Tilings::AddStep(std::size_t from, std::size_t to) {
  static const std::vector<LoopOrder> kOrders = Orders();
  double times = groups_;
  for (std::size_t i = 0; i < kLoops; ++i)
    times *= static_cast<double>(whole_[i]) / static_cast<double>(tiles_[to][i]);
  std::vector<std::array<double, 3>> best;
  for (const LoopOrder& order : kOrders) {
    const std::array<double, 3> moved = AllMoved(tiles_[from], tiles_[to], order, strides_);
    if (std::any_of(best.begin(), best.end(), [&](const auto& b) { return Beats(b, moved); }))
      continue;
    std::erase_if(best, [&](const auto& b) { return Beats(moved, b); });
    best.push_back(moved);
  }
  for (const auto& moved : best)
    steps_.push_back({from, to, {moved[0] * times, moved[1] * times, moved[2] * times}});
}

void Tilings::MakeSteps() {
  for (std::size_t to = 0; to < tiles_.size(); ++to) {
    for (std::size_t from = 0; from < tiles_.size(); ++from) {
      if (Within(tiles_[from], tiles_[to])) AddStep(from, to);
    }
  }
}

// Dynamic programming along the memories. Costs of the steps are combined by `combine`; a step over
// `limit` is out.
struct Tilings::Search {
  const Tilings& t;
  const ElementBits& bits;
  std::array<std::vector<char>, 3> fits;  // memories 1, 2, 4, by tile
  bool all_fit = true;

  struct Path {
    double value = kInfinity;
    std::array<std::size_t, 4> tiles = {};      // memories 1, 2, 3, 4
    std::array<double, kMovements> moved = {};  // bits
  };

  Search(const Tilings& tilings, const ElementBits& element_bits) : t(tilings), bits(element_bits) {
    for (std::size_t m = 0; m < fits.size(); ++m) {
      double least = kInfinity;
      std::size_t smallest = 0;
      for (std::size_t i = 0; i < t.tiles_.size(); ++i) {
        double size = 0;
        for (std::size_t k = 0; k < 3; ++k)
          size += bits[k] * Footprint(static_cast<Moved>(k), t.tiles_[i], t.strides_);
        fits[m].push_back(size <= t.memory_.capacity_bits[m] ? 1 : 0);
        if (size < least) smallest = i;
        least = std::min(least, size);
      }
      if (least <= t.memory_.capacity_bits[m]) continue;
      fits[m][smallest] = 1;
      all_fit = false;
    }
  }

  double Time(std::size_t step, double moved) const {
    const double cores = step < 3 ? static_cast<double>(t.memory_.cores) : 1;
    return moved / cores / t.memory_.bandwidth[step];
  }

  // Extends `path` by a step, if that is better than `best`.
  template <typename Combine>
  void Extend(Path& best, const Path& path, std::size_t step, std::size_t tile, double moved,
              double limit, const Combine& combine) const {
    if (Time(step, moved) > limit) return;
    const double value = combine(path.value, step, moved);
    if (!(value < best.value)) return;
    best = path;
    best.value = value;
    best.moved[step] = moved;
    if (step < 3) best.tiles[step] = tile;
  }

  template <typename Combine>
  std::vector<Path> Next(const std::vector<Path>& paths, std::size_t step,
                         const std::vector<char>& allowed, double limit,
                         const Combine& combine) const {
    std::vector<Path> next(t.tiles_.size());
    for (const Step& s : t.steps_) {
      if (allowed[s.to] == 0 || paths[s.from].value == kInfinity) continue;
      Extend(next[s.to], paths[s.from], step, s.to, Dot(bits, s.elements), limit, combine);
    }
    return next;
  }

  template <typename Combine>
  Path Find(double limit, const Combine& combine) const {
    std::vector<Path> paths(t.tiles_.size());
    Path start;
    start.value = 0;
    for (std::size_t i = 0; i < t.tiles_.size(); ++i) {
      if (fits[0][i] != 0) Extend(paths[i], start, 0, i, Dot(bits, t.first_[i]), limit, combine);
    }
    paths = Next(paths, 1, fits[1], limit, combine);
    paths = Next(paths, 2, t.of_a_core_, limit, combine);
    return Last(paths, limit, combine);
  }

  // The shared cache's tile holds the core's; then all of it.
  template <typename Combine>
  Path Last(const std::vector<Path>& paths, double limit, const Combine& combine) const {
    std::vector<Path> shared(t.tiles_.size());
    for (const Step& s : t.steps_) {
      if (fits[2][s.to] == 0 || !(paths[s.from].value < shared[s.to].value)) continue;
      shared[s.to] = paths[s.from];
      shared[s.to].tiles[3] = s.to;
    }
    const std::size_t whole = t.tiles_.size() - 1;
    Path best;
    for (const Step& s : t.steps_) {
      if (s.to == whole && shared[s.from].value < kInfinity)
        Extend(best, shared[s.from], 3, whole, Dot(bits, s.elements), limit, combine);
    }
    return best;
  }
};

Movement Tilings::Best(const ElementBits& bits) const {
  const Search search(*this, bits);
  const auto dearest = [&](double so_far, std::size_t step, double moved) {
    return std::max(so_far, search.Time(step, moved));
  };
  const auto energy = [&](double so_far, std::size_t step, double moved) {
    return so_far + moved * memory_.pj_per_bit[step];
  };
  const double limit = search.Find(kInfinity, dearest).value;
  const Search::Path path = search.Find(limit * (1 + 1e-9), energy);
  Movement movement;
  movement.bits = path.moved;
  movement.fits = search.all_fit;
  for (std::size_t m = 0; m < 4; ++m) movement.tiles[m] = tiles_[path.tiles[m]];
  return movement;
}

}  // namespace bw
