#include "bitwright/export/code_values.h"

#include <cmath>

namespace bw {
namespace {

std::size_t At(Code code) { return static_cast<std::size_t>(code); }

// The pieces of `span` codes through the first two values of each; none if a finite value is not on
// them.
std::optional<LinearPieces> TrySpan(const Format& format, const std::vector<float>& book,
                                    Code span) {
  LinearPieces pieces{static_cast<int>(span), {}, {}};
  for (Code first = 0; first < book.size(); first += span) {
    const float base = book[At(first)];
    const float step = book[At(first + 1)] - base;
    for (Code low = 0; low < span; ++low) {
      const float value = base + step * static_cast<float>(low);
      if (value != book[At(first + low)] && std::isfinite(format.Decode(first + low))) return {};
    }
    pieces.base.push_back(base);
    pieces.step.push_back(step);
  }
  return pieces;
}

}  // namespace

std::vector<float> Codebook(const Format& format) {
  std::vector<float> book(std::size_t{1} << format.bits());
  for (Code code = 0; code < book.size(); ++code) {
    const double value = format.Decode(code);
    book[At(code)] = std::isfinite(value) ? static_cast<float>(value) : 0.0F;
  }
  return book;
}

std::optional<LinearPieces> FindLinearPieces(const Format& format) {
  const std::vector<float> book = Codebook(format);
  for (Code span = Code{1} << format.bits(); span >= 2; span /= 2) {
    if (auto pieces = TrySpan(format, book, span)) return pieces;
  }
  return {};
}

}  // namespace bw
