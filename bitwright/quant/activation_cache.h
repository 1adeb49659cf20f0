#pragma once
// Activations of one piece of the data under several roundings, by what they depend on.

#include <cstddef>
#include <list>
#include <map>

#include "bitwright/quant/rounding.h"

namespace bw {

// Holds at most `bytes` of elements; the least recently used make room for new ones.
class ActivationCache {
 public:
  explicit ActivationCache(std::size_t bytes) : limit_(bytes) {}

  // The elements, or null; they stay in place until the next Insert.
  const std::byte* Find(const ValueKey& key);
  // Forgets the elements at once when they alone exceed the limit.
  void Insert(const ValueKey& key, Tensor elements);

  // Takes over all that `other` holds, its most recently used last.
  void Take(ActivationCache& other);

  std::size_t limit() const { return limit_; }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    ValueKey key;
    Tensor elements;
  };
  using Entries = std::list<Entry>;  // most recently used first

  std::size_t limit_, bytes_ = 0;
  Entries entries_;
  std::map<ValueKey, Entries::iterator> by_key_;
};

}  // namespace bw
