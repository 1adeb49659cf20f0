#pragma once
// How a Number is represented: a format and a bias, value = format value * 2^-bias.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bitwright/base/error.h"

namespace bw::number {

// Immutable and unique: two equal representations are one object, compared by address, never freed.
class Representation {
 public:
  virtual ~Representation() = default;
  Representation(const Representation&) = delete;
  Representation& operator=(const Representation&) = delete;

  // `name` is a Bitwright format ("int4", "dybit4", "bf16", "fp32"), or one of libnumber's types:
  //   float32, float16   <1,8,23,127> (the native float, with infinities and NaN) and <1,5,10,15>,
  //                      where the largest exponent holds numbers: up to 131008, no infinities
  //   fixed2..fixed32    <1,0,N-1,0>, value = (-1)^S * F * 2^(2-N)
  //   exp2..exp9         <1,N-1,0,2^(N-2)-1>, 0 and powers of two
  // A bias shifts all values by 2^-bias; float32 has none. Fails on an unknown name and on a bias
  // that drives values out of what float32 holds. Thread-safe.
  static Expected<const Representation*> Find(std::string_view name, int bias = 0);
  static const Representation& Float32();

  // "fixed8 bias=-3", "fixed8" where the bias is 0: as in a plan.
  const std::string& text() const { return text_; }
  const std::string& name() const { return name_; }
  int bias() const { return bias_; }
  int bits() const { return bits_; }
  bool is_float32() const { return kind_ == Kind::kFloat32; }
  // The largest value, and the smallest above zero.
  double max() const { return max_; }
  double smallest() const { return smallest_; }

  // The nearest value (ties to the even code, see numerics/format.h); beyond the range the nearest
  // end, infinities too; NaN becomes 0. float32 changes nothing, NaN and infinities included.
  virtual float Round(float value) const = 0;
  // The code of Round(value), in the low bits(); Decode gives that value back.
  virtual std::uint32_t Encode(float value) const = 0;
  virtual float Decode(std::uint32_t code) const = 0;

  // Where a result of operands in `a` and `b` is stored (libnumber's rule): in `a` if they are one;
  // else in the one of the wider dynamic range (max / smallest), but floating point before powers
  // of two. Of equal ranges the larger maximum, then more bits, then the first name: commutative.
  static const Representation& Wider(const Representation& a, const Representation& b);

 protected:
  enum class Kind { kFloat32, kFloating, kExponential, kOther };
  Representation(std::string name, int bias, int bits, Kind kind);
  void set_range(double smallest, double max) {
    smallest_ = smallest;
    max_ = max;
  }

 private:
  static Expected<std::unique_ptr<Representation>> Make(std::string_view name, int bias);

  std::string text_, name_;
  int bias_, bits_;
  Kind kind_;
  double smallest_ = 0, max_ = 0;
};

// The bias with which the largest value of the format lies in [2^-shift, 2^(1-shift)): formats of
// one shift cover the same magnitudes. FIXED's bias B is the shift itself; EXP's absolute B is
// 2^ne - 1 + shift. 0 for float32.
Expected<int> BiasForShift(std::string_view name, int shift);

// libnumber's first bias from the largest magnitude: -ceil(log2(max_abs)); 0 for max_abs 0.
int FirstBias(double max_abs);

}  // namespace bw::number
