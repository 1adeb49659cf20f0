#pragma once
// How long work tells its caller about itself; the library never prints.

#include <functional>
#include <string_view>

namespace bw {

// Called with what is being done and the fraction done in [0, 1]; may be empty. Called from one
// thread at a time.
using Progress = std::function<void(std::string_view what, double fraction)>;

}  // namespace bw
