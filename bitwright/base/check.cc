#include "bitwright/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace bw {

void CheckFailed(const char* file, int line, const char* text) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, text);
  std::abort();
}

}  // namespace bw
