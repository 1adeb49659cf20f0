#pragma once
// How long the nodes of pieces take on this machine: measured once for each operator and shape, and
// kept in a file.

#include <map>
#include <mutex>
#include <string>

#include "bitwright/cost/piece.h"

namespace bw {

class NodeTimes {
 public:
  // Takes over what the file holds if it is of this processor and instruction set; an empty path
  // keeps nothing.
  explicit NodeTimes(std::string file);
  // Writes what was measured, with what others wrote meanwhile.
  ~NodeTimes();
  NodeTimes(const NodeTimes&) = delete;
  NodeTimes& operator=(const NodeTimes&) = delete;

  struct Times {
    double total_ns = 0;
    std::map<std::string, double> by_op;
  };
  // Of one run of the piece on one thread, lowered as the runtime lowers it: without what prepares
  // its inputs, which is the work of the layers before, and without its reader. Measures what is
  // not known, the least of several runs. Thread-safe: one measurement at a time.
  Expected<Times> Of(const Piece& piece);

 private:
  Expected<void> Measure(const Graph& graph, const std::vector<Shape>& inputs,
                         const std::vector<std::string>& keys);

  std::string file_;
  std::mutex mutex_;
  std::map<std::string, double> known_;  // nanoseconds by what the node is
  bool changed_ = false;
};

}  // namespace bw
