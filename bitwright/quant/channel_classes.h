#pragma once
// Which channels of a network's values must be scaled together for the network to stay the same.
// Between two layers everything that is positively homogeneous and treats channels alike (Relu,
// pooling, sums of equal shapes, Concat, ...) ties the channels before it to those behind it; all
// other operators, and the network's inputs and outputs, fix their channels at scale 1.

#include <vector>

#include "bitwright/quant/linear_layer.h"

namespace bw {

class ChannelClasses {
 public:
  static Expected<ChannelClasses> Find(const Graph& graph);

  std::size_t count() const { return fixed_.size(); }
  // Class of each channel (axis 1) of a value; empty for values that have none.
  const std::vector<int>& Of(ValueId id) const { return classes_[static_cast<std::size_t>(id)]; }
  // Its scale must be 1.
  bool IsFixed(int index) const { return fixed_[static_cast<std::size_t>(index)] != 0; }
  // The least upper bound of a Clip over it (infinite: none): a scale s keeps the network the same
  // where no value of the channel exceeds bound / s and s is at least 1.
  double Bound(int index) const { return bounds_[static_cast<std::size_t>(index)]; }

  const std::vector<LinearLayer>& layers() const { return layers_; }
  // Constants that are added to a value and so must be scaled with it, with their channels' classes
  // by element.
  struct Addend {
    ValueId constant = kNoValue;
    std::vector<int> classes;
  };
  const std::vector<Addend>& addends() const { return addends_; }

 private:
  friend class ChannelClassFinder;
  std::vector<std::vector<int>> classes_;  // by value
  std::vector<char> fixed_;                // by class
  std::vector<double> bounds_;             // by class
  std::vector<LinearLayer> layers_;
  std::vector<Addend> addends_;
};

}  // namespace bw
