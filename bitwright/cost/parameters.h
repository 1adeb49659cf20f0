#pragma once
// The numbers that describe a chip to a cost model.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/base/check.h"
#include "bitwright/base/error.h"

namespace bw {

// A parameter that a model reads: a number, or a list of them.
struct ParameterRule {
  std::string_view name;
  std::string_view meaning;     // with its unit
  std::size_t count = 1;        // of numbers; 0: a list of one or more
  double low = 0, high = 1e18;  // each number, both included
};

// Values by name, in lists.
class Parameters {
 public:
  void Set(std::string name, std::vector<double> values) {
    items_.insert_or_assign(std::move(name), std::move(values));
  }
  // BW_CHECKs that the parameter is there: CheckParameters has seen to it.
  std::span<const double> List(std::string_view name) const {
    const auto found = items_.find(name);
    BW_CHECK(found != items_.end());
    return found->second;
  }
  double Number(std::string_view name) const { return List(name)[0]; }
  const std::map<std::string, std::vector<double>, std::less<>>& items() const { return items_; }

 private:
  std::map<std::string, std::vector<double>, std::less<>> items_;
};

// Every rule's parameter is there with as many numbers as it wants, all in its range, and no other.
Expected<void> CheckParameters(const Parameters& parameters, std::span<const ParameterRule> rules);

}  // namespace bw
