#pragma once
// BW_CHECK(condition): aborts with file, line and text when Bitwright itself is wrong. On in all
// builds.

namespace bw {
[[noreturn]] void CheckFailed(const char* file, int line, const char* text);
}

#define BW_CHECK(condition)                              \
  do {                                                   \
    if (!(condition)) [[unlikely]] {                     \
      ::bw::CheckFailed(__FILE__, __LINE__, #condition); \
    }                                                    \
  } while (false)
