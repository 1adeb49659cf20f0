#include "bitwright/cli/compare_cells.h"

#include <algorithm>
#include <array>
#include <regex>

#include "bitwright/base/text.h"

namespace bw {
namespace {

// Spec of a family by width; empty: it has none.
struct CompareFamily {
  std::string_view name;
  std::array<std::string_view, 5> weights;      // of 8, 6, 4, 3, 2 bits
  std::array<std::string_view, 3> activations;  // of 8, 6, 4 bits
};

constexpr std::array<int, 5> kWidths = {8, 6, 4, 3, 2};

// Where a family has parameters, the member that spends about half of its bits on range.
constexpr CompareFamily kFamilies[] = {
    {"int", {"int8", "int6", "int4", "int3", "int2"}, {"int8:asym", "int6:asym", "int4:asym"}},
    {"fixed", {"fixed8", "fixed6", "fixed4", "fixed3", "fixed2"}, {"fixed8", "fixed6", "fixed4"}},
    {"po2", {"exp8", "exp6", "exp4", "exp3", "exp2"}, {"exp8", "exp6", "exp4"}},
    {"apot", {"apot8", "apot6", "apot4", "apot3", ""}, {"apot8", "apot6", "apot4"}},
    {"esb", {"esb8_5", "esb6_3", "esb4_1", "esb3_1", "esb2_0"}, {"esb8_5", "esb6_3", "esb4_1"}},
    {"dybit", {"dybit8", "dybit6", "dybit4", "dybit3", "dybit2"}, {"dybit8", "dybit6", "dybit4"}},
    {"flint", {"flint8", "flint6", "flint4", "flint3", "flint2"}, {"flint8", "flint6", "flint4"}},
    {"posit",
     {"posit8_1", "posit6_1", "posit4_0", "posit3_0", ""},
     {"posit8_1", "posit6_1", "posit4_0"}},
    {"minifloat", {"e3m4", "e2m3", "e2m1", "e2m0", ""}, {"e3m4", "e2m3", "e2m1"}},
    {"nf4", {"", "", "nf4", "", ""}, {"", "", "nf4"}},
    {"lut", {"lut8", "lut6", "lut4", "lut3", "lut2"}, {"lut8", "lut6", "lut4"}},
    {"bfp",
     {"fixed8:b16:e8m0", "fixed6:b16:e8m0", "fixed4:b16:e8m0", "fixed3:b16:e8m0",
      "fixed2:b16:e8m0"},
     {"fixed8:b16:e8m0", "fixed6:b16:e8m0", "fixed4:b16:e8m0"}},
    {"mx", {"mxint8", "mxfp6_e2m3", "mxfp4", "", ""}, {"mxint8", "mxfp6_e2m3", "mxfp4"}},
    {"nvfp4", {"", "", "nvfp4", "", ""}, {"", "", "nvfp4"}},
};

std::string SpecOf(std::span<const std::string_view> specs, int bits) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (kWidths[i] == bits) return std::string(specs[i]);
  }
  return "";
}

Expected<std::vector<const CompareFamily*>> Families(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  std::vector<const CompareFamily*> chosen;
  for (const CompareFamily& family : kFamilies) {
    known.emplace_back(family.name);
    if (names.empty() || std::find(names.begin(), names.end(), family.name) != names.end())
      chosen.push_back(&family);
  }
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return FailUsage("--families: unknown family '{}'; nearest is '{}' (known: {})", name,
                     Nearest(name, known), fmt::join(known, ", "));
  }
  return chosen;
}

}  // namespace

Expected<BitBudget> BitBudget::Parse(const std::string& text) {
  static const std::regex kPattern("[Ww]([23468])[Aa]([468])");
  std::smatch match;
  if (std::regex_match(text, match, kPattern))
    return BitBudget{std::stoi(match[1].str()), std::stoi(match[2].str())};
  return FailUsage(
      "--budgets: '{}' is no budget, W<bits>A<bits> with 8, 6, 4, 3 or 2 bits of weights and 8, 6 "
      "or "
      "4 of activations is needed, e.g. W4A8",
      text);
}

std::string BitBudget::Name() const { return fmt::format("W{}A{}", weights, activations); }

Expected<std::vector<CompareCell>> CompareCells(const std::vector<std::string>& families,
                                                const std::vector<std::string>& budgets) {
  const std::vector<std::string> all = {"W8A8", "W6A6", "W4A8", "W4A4", "W3A8", "W2A8"};
  BW_ASSIGN(const std::vector<const CompareFamily*> chosen, Families(families));
  std::vector<CompareCell> cells;
  for (const std::string& text : budgets.empty() ? all : budgets) {
    BW_ASSIGN(const BitBudget budget, BitBudget::Parse(text));
    for (const CompareFamily* family : chosen) {
      const std::string weights = SpecOf(family->weights, budget.weights);
      std::string activations = SpecOf(family->activations, budget.activations);
      if (weights.empty()) continue;
      if (activations.empty()) activations = fmt::format("int{}:asym", budget.activations);
      cells.push_back({std::string(family->name), budget, weights, activations});
    }
  }
  return cells;
}

}  // namespace bw
