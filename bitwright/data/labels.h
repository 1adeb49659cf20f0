#pragma once
// Class labels from a file of their own.

#include <cstdint>
#include <string>
#include <vector>

#include "bitwright/base/error.h"

namespace bw {

// One integer for each sample, in order: .npy (1-D integers), MNIST idx1 (also .gz), or text with
// one integer a line.
Expected<std::vector<std::int64_t>> ReadLabels(const std::string& path);

// One line `name label` of a label list: the label is the last word.
struct NamedLabel {
  std::string name;  // empty: the line was a label alone
  std::int64_t label = 0;
};

// Lines of `name label` or of labels alone (not both); blank lines are skipped. `where` stands in
// messages.
Expected<std::vector<NamedLabel>> ParseLabelLines(const std::string& text,
                                                  const std::string& where);

}  // namespace bw
