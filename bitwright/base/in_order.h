#pragma once
// Results of pieces of parallel work, handed on in the pieces' order.

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace bw {

// Holds a result only until those of all earlier pieces have come. Thread-safe; `take` is called by
// one thread at a time.
template <typename T>
class InOrder {
 public:
  explicit InOrder(std::function<void(T&&)> take) : take_(std::move(take)) {}

  // The result of piece `index`; each index from 0 on comes once.
  void Add(std::size_t index, T result) {
    const std::scoped_lock lock(mutex_);
    waiting_.emplace(index, std::move(result));
    for (auto next = waiting_.find(next_); next != waiting_.end(); next = waiting_.find(++next_)) {
      take_(std::move(next->second));
      waiting_.erase(next);
    }
  }

 private:
  std::function<void(T&&)> take_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  std::map<std::size_t, T> waiting_;
};

}  // namespace bw
