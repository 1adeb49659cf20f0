#include "bitwright/number/representation.h"

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <tuple>

#include "bitwright/base/check.h"
#include "bitwright/number/canonical_number.h"
#include "bitwright/numerics/canonical.h"
#include "bitwright/numerics/format.h"
#include "bitwright/numerics/name_parts.h"

namespace bw::number {
namespace {

constexpr int kMaxBias = 1000;
constexpr double kMaxFloat = std::numeric_limits<float>::max();
constexpr double kMinFloat = std::numeric_limits<float>::denorm_min();

}  // namespace

Representation::Representation(std::string name, int bias, int bits, Kind kind)
    : text_(bias == 0 ? name : fmt::format("{} bias={}", name, bias)),
      name_(std::move(name)),
      bias_(bias),
      bits_(bits),
      kind_(kind) {}

namespace {

class NativeFloat : public Representation {
 public:
  NativeFloat() : Representation("fp32", 0, 32, Kind::kFloat32) { set_range(kMinFloat, kMaxFloat); }
  float Round(float value) const override { return value; }
  std::uint32_t Encode(float value) const override { return std::bit_cast<std::uint32_t>(value); }
  float Decode(std::uint32_t code) const override { return std::bit_cast<float>(code); }
};

// A format of numerics/ with a bias.
class Tabled : public Representation {
 public:
  Tabled(Format format, int bias)
      : Representation(format.name(), bias, format.bits(), KindOf(format)),
        format_(std::move(format)),
        up_(std::ldexp(1.0, bias)),
        down_(std::ldexp(1.0, -bias)) {
    const FormatInfo& info = format_.info();
    set_range(info.smallest_positive * down_, info.max * down_);
  }
  float Round(float value) const override {
    return static_cast<float>(format_.Round(static_cast<double>(value) * up_) * down_);
  }
  std::uint32_t Encode(float value) const override {
    return format_.Encode(static_cast<double>(value) * up_);
  }
  float Decode(std::uint32_t code) const override {
    return static_cast<float>(format_.Decode(code) * down_);
  }

 private:
  static Kind KindOf(const Format& format) {
    const std::string& family = format.info().family;
    if (family == "minifloat") return Kind::kFloating;
    return family == "exp" ? Kind::kExponential : Kind::kOther;
  }
  Format format_;
  double up_, down_;
};

// Refuses what float32 cannot hold.
Expected<void> CheckRange(const Representation& made) {
  const bool fits = made.max() <= kMaxFloat && made.smallest() >= kMinFloat;
  if (fits && made.smallest() <= made.max()) return {};
  if (made.max() <= 0) {
    return Fail("format '{}': it has no positive value, a Number needs one", made.name());
  }
  return Fail(
      "'{}': its values reach from {:.3g} to {:.3g}, allowed is what float32 holds, "
      "{:.3g} to {:.3g}",
      made.text(), made.smallest(), made.max(), kMinFloat, kMaxFloat);
}

Expected<std::unique_ptr<Representation>> MakeLibnumber(std::string_view name, int width,
                                                        bool fixed, int bias) {
  BW_TRY(CheckParameter(name, "width", width, 2, fixed ? 32 : 9));
  if (fixed) return MakeCanonical(std::string(name), 0, width - 1, 0, bias);
  return MakeCanonical(std::string(name), width - 1, 0, StandardBias(width - 1), bias);
}

}  // namespace

Expected<std::unique_ptr<Representation>> Representation::Make(std::string_view name, int bias) {
  if (name == "fp32") {
    if (bias != 0) return Fail("'fp32 bias={}': float32 has no bias, allowed is 0", bias);
    return std::make_unique<NativeFloat>();
  }
  if (name == "float16") return MakeCanonical(std::string(name), 5, 10, StandardBias(5), bias);
  for (const bool fixed : {true, false}) {
    const std::optional<int> width = NumberAfter(name, fixed ? "fixed" : "exp");
    if (width) return MakeLibnumber(name, *width, fixed, bias);
  }
  BW_ASSIGN(Format format, Format::Parse(name));
  return std::make_unique<Tabled>(std::move(format), bias);
}

Expected<const Representation*> Representation::Find(std::string_view name, int bias) {
  static std::mutex mutex;
  static auto& known = *new std::map<std::pair<std::string, int>, std::unique_ptr<Representation>>;
  if (name == "float32" || name == "e8m23") name = "fp32";
  if (std::abs(bias) > kMaxBias) {
    return Fail("'{}': bias {}, allowed {} to {}", name, bias, -kMaxBias, kMaxBias);
  }
  const std::lock_guard lock(mutex);
  const auto found = known.find({std::string(name), bias});
  if (found != known.end()) return found->second.get();
  BW_ASSIGN(std::unique_ptr<Representation> made, Make(name, bias));
  BW_TRY(CheckRange(*made));
  // By the format's own name: two spellings of one format are one representation.
  std::unique_ptr<Representation>& place = known[{made->name(), bias}];
  if (place == nullptr) place = std::move(made);
  return place.get();
}

const Representation& Representation::Float32() {
  static const Representation& native = **Find("fp32");
  return native;
}

const Representation& Representation::Wider(const Representation& a, const Representation& b) {
  if (&a == &b) return a;
  const auto floats = [](const Representation& r) {
    return r.kind_ == Kind::kFloat32 || r.kind_ == Kind::kFloating;
  };
  if (floats(a) && b.kind_ == Kind::kExponential) return a;
  if (floats(b) && a.kind_ == Kind::kExponential) return b;
  const auto merit = [](const Representation& r) {
    return std::tuple(r.max_ / r.smallest_, r.max_, r.bits_);
  };
  if (merit(a) != merit(b)) return merit(a) > merit(b) ? a : b;
  return a.text_ < b.text_ ? a : b;
}

Expected<int> BiasForShift(std::string_view name, int shift) {
  if (name == "fp32" || name == "float32") return 0;
  // One bias more keeps the largest value of exp9 a float.
  BW_ASSIGN(const Representation* plain, Representation::Find(name, name == "exp9" ? 1 : 0));
  return std::ilogb(plain->max()) + plain->bias() + shift;
}

int FirstBias(double max_abs) {
  if (!(max_abs > 0) || std::isinf(max_abs)) return 0;
  return -static_cast<int>(std::ceil(std::log2(max_abs)));
}

}  // namespace bw::number
