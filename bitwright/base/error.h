#pragma once
// What can go wrong because of the outside world, as a value. Our own mistakes are BW_CHECK
// (check.h).

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace bw {

// The process exit code that an error leads to.
enum class ErrorKind {
  kConstraint = 1,  // the user's demand is not met; the best result is still written
  kUsage = 2,       // the command line
  kInput = 3,       // a file or its contents
};

// One line: `<where>: <what is wrong>, <what we got>, <what is allowed>[; <remedy>]`.
struct Error {
  ErrorKind kind = ErrorKind::kInput;
  std::string message;
};

template <typename T>
using Expected = tl::expected<T, Error>;

// An input error with a formatted message: `return Fail("{}: {} bytes, at least {} needed", path,
// n, k);`
template <typename... Args>
tl::unexpected<Error> Fail(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{ErrorKind::kInput, fmt::format(format, std::forward<Args>(args)...)});
}

// The same for a mistake on the command line.
template <typename... Args>
tl::unexpected<Error> FailUsage(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{ErrorKind::kUsage, fmt::format(format, std::forward<Args>(args)...)});
}

// Prefixes the place to an error on its way up: `return Context(path, graph.error());`
inline tl::unexpected<Error> Context(std::string_view where, Error error) {
  error.message = fmt::format("{}: {}", where, error.message);
  return tl::unexpected(std::move(error));
}

}  // namespace bw

#define BW_CONCAT_INNER(a, b) a##b
#define BW_CONCAT(a, b) BW_CONCAT_INNER(a, b)

// BW_TRY(expr): returns the error of an Expected<void>; BW_ASSIGN(auto x, expr): unwraps an
// Expected<T>.
#define BW_TRY(expr)                                                \
  do {                                                              \
    if (auto bw_try_result = (expr); !bw_try_result) [[unlikely]] { \
      return tl::unexpected(std::move(bw_try_result).error());      \
    }                                                               \
  } while (false)
#define BW_ASSIGN(declaration, expr) \
  BW_ASSIGN_INNER(BW_CONCAT(bw_assign_, __LINE__), declaration, expr)
#define BW_ASSIGN_INNER(temporary, declaration, expr)    \
  auto temporary = (expr);                               \
  if (!temporary) [[unlikely]] {                         \
    return tl::unexpected(std::move(temporary).error()); \
  }                                                      \
  declaration = *std::move(temporary)
