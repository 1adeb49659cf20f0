// The speed of the tensor kernels, each checked against the scalar reference before it is measured.
//
// Data: 16 channels of 2048 normal values with a scale each, so that input and output lie in the
// second-level cache; for the scale search 2^20 values. One thread.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "bitwright/base/rng.h"
#include "bitwright/tensor/code_kernels.h"
#include "bitwright/tensor/pack.h"
#include "bitwright/tensor/qtensor.h"
#include "bitwright/tensor/scale_error.h"
#include "summary.h"

namespace bw::bench {
namespace {

constexpr std::size_t kRows = 16, kColumns = 2048, kCount = kRows * kColumns;
constexpr std::size_t kSearch = std::size_t{1} << 20;
constexpr std::size_t kScales = 64;
constexpr double kMinSeconds = 0.004;
constexpr int kRepetitions = 11;

// Aligned memory of one type.
template <typename T>
struct Buffer {
  explicit Buffer(std::size_t count)
      : tensor(DType::kUint8, {static_cast<std::int64_t>(count * sizeof(T))}),
        values(reinterpret_cast<T*>(tensor.span<std::uint8_t>().data()), count) {}
  Tensor tensor;
  std::span<T> values;
};

void FillNormal(std::span<float> values) {
  Rng rng(1);
  for (float& value : values) value = static_cast<float>(rng.Normal());
}

// A good scale for normal values, by the error of a sample: one of those that bring its standard
// deviation between the format's least and greatest value.
float GoodScale(const Format& format) {
  Buffer<float> sample(2048);
  FillNormal(sample.values);
  std::vector<float> scales;
  for (double scale = 0.1 / format.info().max; scale < 1 / format.info().smallest_positive;
       scale *= 1.1) {
    scales.push_back(static_cast<float>(scale));
  }
  std::vector<double> errors(scales.size());
  SquaredErrors(sample.values, format, scales, errors);
  return scales[static_cast<std::size_t>(std::min_element(errors.begin(), errors.end()) -
                                         errors.begin())];
}

// What one format's benchmarks work on.
struct Work {
  explicit Work(const Format& of) : format(of), x(kCount), out(kCount), codes(kCount) {
    FillNormal(x.values);
    const float scale = GoodScale(format);
    for (std::size_t row = 0; row < kRows; ++row) {
      scales.push_back(scale * (1 + 0.01f * static_cast<float>(row)));
    }
  }
  Format format;
  Buffer<float> x, out;
  Buffer<std::uint8_t> codes;
  std::vector<float> scales;

  template <typename Body>
  void ForEachRow(const Body& body) {
    for (std::size_t row = 0; row < kRows; ++row) {
      const std::size_t at = row * kColumns;
      body(x.values.subspan(at, kColumns), scales[row], codes.values.subspan(at, kColumns),
           out.values.subspan(at, kColumns));
    }
  }
};

using Row = std::span<float>;
using Codes = std::span<std::uint8_t>;

void ReferenceEncode(const Format& format, Row x, float scale, Codes codes) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    codes[i] = static_cast<std::uint8_t>(
        format.Encode(static_cast<double>(x[i]) / static_cast<double>(scale)));
  }
}

void ReferenceDecode(const Format& format, Codes codes, float scale, Row out) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    out[i] = scale * static_cast<float>(format.Decode(codes[i]));
  }
}

void ReferenceRound(const Format& format, Row x, float scale, Row out) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double ratio = static_cast<double>(x[i]) / static_cast<double>(scale);
    out[i] = scale * static_cast<float>(format.Round(ratio));
  }
}

// The answers of the fast kernels are those of the reference.
bool Agrees(Work& work) {
  const CodeTable& table = CodeTableOf(work.format);
  bool agrees = true;
  work.ForEachRow([&](Row x, float scale, Codes codes, Row out) {
    std::vector<std::uint8_t> expected(x.size());
    std::vector<float> values(x.size());
    ReferenceEncode(work.format, x, scale, expected);
    EncodeRow(table, x, scale, 0, true, codes.data());
    agrees = agrees && std::equal(codes.begin(), codes.end(), expected.begin());
    ReferenceDecode(work.format, codes, scale, values);
    DecodeRow(table, codes, scale, 0, out.data());
    agrees = agrees && std::memcmp(out.data(), values.data(), out.size_bytes()) == 0;
    RoundRow(table, x, &scale, 0, 0, out.data());
    agrees = agrees && std::memcmp(out.data(), values.data(), out.size_bytes()) == 0;
  });
  return agrees;
}

// Measures body(x, scale, codes, out) over all rows.
template <typename Body>
void Measure(benchmark::State& state, const std::string& name, const Body& body) {
  Work work(*Format::Parse(name));
  if (!Agrees(work)) return state.SkipWithError("differs from the reference");
  for (auto _ : state) {
    work.ForEachRow(body);
    benchmark::ClobberMemory();
  }
  state.counters["elements"] = static_cast<double>(kCount);
}

template <typename Body>
void Register(const std::string& name, const Body& body) {
  benchmark::RegisterBenchmark(name.c_str(), body)->MinTime(kMinSeconds)->Repetitions(kRepetitions);
}

void RegisterFormat(const std::string& name) {
  Register("encode/" + name, [name](benchmark::State& state) {
    const CodeTable& table = CodeTableOf(*Format::Parse(name));
    Measure(state, name, [&](Row x, float scale, Codes codes, Row) {
      EncodeRow(table, x, scale, 0, true, codes.data());
    });
  });
  Register("decode/" + name, [name](benchmark::State& state) {
    const CodeTable& table = CodeTableOf(*Format::Parse(name));
    Measure(state, name, [&](Row, float scale, Codes codes, Row out) {
      DecodeRow(table, codes, scale, 0, out.data());
    });
  });
  Register("fake_quantize/" + name, [name](benchmark::State& state) {
    const CodeTable& table = CodeTableOf(*Format::Parse(name));
    Measure(state, name, [&](Row x, float scale, Codes, Row out) {
      RoundRow(table, x, &scale, 0, 0, out.data());
    });
  });
}

void RegisterReference(const std::string& name) {
  Register("reference_encode/" + name, [name](benchmark::State& state) {
    const Format format = *Format::Parse(name);
    Measure(state, name, [&](Row x, float scale, Codes codes, Row) {
      ReferenceEncode(format, x, scale, codes);
    });
  });
  Register("reference_decode/" + name, [name](benchmark::State& state) {
    const Format format = *Format::Parse(name);
    Measure(state, name, [&](Row, float scale, Codes codes, Row out) {
      ReferenceDecode(format, codes, scale, out);
    });
  });
  Register("reference_fake_quantize/" + name, [name](benchmark::State& state) {
    const Format format = *Format::Parse(name);
    Measure(state, name,
            [&](Row x, float scale, Codes, Row out) { ReferenceRound(format, x, scale, out); });
  });
}

void Copy(benchmark::State& state) {
  Buffer<float> from(kCount), to(kCount);
  FillNormal(from.values);
  for (auto _ : state) {
    std::memcpy(to.values.data(), from.values.data(), from.values.size_bytes());
    benchmark::ClobberMemory();
  }
  state.counters["elements"] = static_cast<double>(kCount);
}

void OneFakeQuantize(benchmark::State& state, const std::string& name) {
  Buffer<float> x(kSearch), out(kSearch);
  FillNormal(x.values);
  const RoundFunction round(*Format::Parse(name));
  const float scale = GoodScale(*Format::Parse(name));
  for (auto _ : state) {
    round(x.values, &scale, 0, 0, out.values.data());
    benchmark::ClobberMemory();
  }
  state.counters["elements"] = static_cast<double>(kSearch);
}

// Within the bound that scale_error.h states, of the sums one scale at a time.
bool SearchAgrees(std::span<const float> x, const Format& format, std::span<const float> scales,
                  std::span<const double> errors) {
  double squares = 0;
  for (const float value : x) squares += static_cast<double>(value) * static_cast<double>(value);
  for (std::size_t i = 0; i < scales.size(); i += 9) {
    const double expected = SquaredError(x, format, scales[i]);
    // The expected sum itself has the roundings of 2^17 additions in each of its partial sums.
    const double bound = 0x1p-36 * expected + 0x1p-44 * (expected + squares);
    if (std::fabs(errors[i] - expected) > bound) return false;
  }
  return true;
}

void Search(benchmark::State& state, const std::string& name) {
  Buffer<float> x(kSearch);
  FillNormal(x.values);
  const Format format = *Format::Parse(name);
  std::vector<float> scales(kScales);
  std::vector<double> errors(kScales);
  for (std::size_t i = 0; i < kScales; ++i) {
    scales[i] = GoodScale(format) * std::pow(1.03f, static_cast<float>(i) - 32);
  }
  SquaredErrors(x.values, format, scales, errors);
  if (!SearchAgrees(x.values, format, scales, errors)) return state.SkipWithError("beyond bound");
  for (auto _ : state) {
    SquaredErrors(x.values, format, scales, errors);
    benchmark::ClobberMemory();
  }
  state.counters["elements"] = static_cast<double>(kSearch);
}

void Packing(benchmark::State& state, int bits, bool unpack) {
  Buffer<std::uint8_t> codes(kCount), bytes(kCount), again(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    codes.values[i] = static_cast<std::uint8_t>(RandomBits(3, i) & ((1u << bits) - 1));
  }
  PackCodes(std::span<const std::uint8_t>(codes.values), bits, bytes.values.data());
  const std::vector<Code> wide(codes.values.begin(), codes.values.end());
  const std::vector<std::uint8_t> expected = Pack(wide, bits);
  UnpackCodes(bytes.values.data(), bits, again.values);
  if (!std::equal(expected.begin(), expected.end(), bytes.values.begin()) ||
      !std::equal(again.values.begin(), again.values.end(), codes.values.begin())) {
    return state.SkipWithError("differs from the reference");
  }
  for (auto _ : state) {
    if (unpack) {
      UnpackCodes(bytes.values.data(), bits, again.values);
    } else {
      PackCodes(std::span<const std::uint8_t>(codes.values), bits, bytes.values.data());
    }
    benchmark::ClobberMemory();
  }
  state.counters["elements"] = static_cast<double>(kCount);
}

void RegisterAll() {
  Register("copy/float", Copy);
  for (const std::string& name : ExampleFormats()) {
    const Format format = *Format::Parse(name);
    if (format.bits() > 8 || format.info().family == "scale") continue;
    RegisterFormat(name);
    RegisterReference(name);
  }
  for (const std::string name : {"int4", "int8", "e2m1", "e4m3fn", "dybit4", "dybit8", "exp4",
                                 "esb5_2", "nf4", "lut8", "posit8_1"}) {
    Register("one/" + name, [name](benchmark::State& state) { OneFakeQuantize(state, name); });
    Register("search/" + name, [name](benchmark::State& state) { Search(state, name); });
  }
  for (int bits = 1; bits <= 8; ++bits) {
    Register(fmt::format("pack/{}", bits),
             [bits](benchmark::State& state) { Packing(state, bits, false); });
    Register(fmt::format("unpack/{}", bits),
             [bits](benchmark::State& state) { Packing(state, bits, true); });
  }
}

}  // namespace
}  // namespace bw::bench

int main(int argc, char** argv) {
  // Repetitions of all benchmarks in random order: a disturbance falls on few of each.
  std::vector<char*> arguments(argv, argv + argc);
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  arguments.insert(arguments.begin() + 1, interleave.data());
  argc = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  argv = arguments.data();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  bw::bench::RegisterAll();
  bw::bench::Summary summary;
  benchmark::RunSpecifiedBenchmarks(&summary);
  summary.Print();
  return 0;
}
