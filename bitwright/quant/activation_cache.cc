#include "bitwright/quant/activation_cache.h"

namespace bw {

const std::byte* ActivationCache::Find(const ValueKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return static_cast<const std::byte*>(ConstTensorRef(found->second->elements).data);
}

void ActivationCache::Insert(const ValueKey& key, Tensor elements) {
  if (elements.bytes() > limit_ || by_key_.contains(key)) return;
  while (bytes_ + elements.bytes() > limit_) {
    bytes_ -= entries_.back().elements.bytes();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  bytes_ += elements.bytes();
  entries_.push_front({key, std::move(elements)});
  by_key_.emplace(key, entries_.begin());
}

void ActivationCache::Take(ActivationCache& other) {
  for (auto entry = other.entries_.rbegin(); entry != other.entries_.rend(); ++entry)
    Insert(entry->key, std::move(entry->elements));
  other.entries_.clear();
  other.by_key_.clear();
  other.bytes_ = 0;
}

}  // namespace bw
