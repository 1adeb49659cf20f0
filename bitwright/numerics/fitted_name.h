#pragma once
// The text of a fitted format: <stem>[<number>;<number>;...], the numbers float32 in their shortest
// form that reads back the same.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/base/error.h"

namespace bw {

struct FittedName {
  std::string_view stem;
  std::vector<float> numbers;
};

// nullopt: no brackets at the end, so not a fitted name. An error: brackets that do not hold finite
// numbers; it names the number's place, from 1.
std::optional<Expected<FittedName>> ParseFittedName(std::string_view name);

// -0 is written as 0.
std::string MakeFittedName(std::string_view stem, std::span<const float> numbers);

}  // namespace bw
