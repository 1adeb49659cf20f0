// The library against vectors of an independent implementation: make_vectors.py says what they
// hold.

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include "bitwright/numerics/format.h"

namespace bw {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Row {
  std::string name;
  std::vector<std::string> fields;
};

std::vector<Row> ReadRows(const std::string& file) {
  std::ifstream stream(std::string(BW_VECTORS) + "/" + file);
  EXPECT_TRUE(stream.good()) << file;
  std::vector<Row> rows;
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    Row& row = rows.emplace_back();
    words >> row.name;
    for (std::string word; words >> word;) row.fields.push_back(word);
  }
  EXPECT_GT(rows.size(), 20u) << file;
  return rows;
}

// "0", "nan", "inf", "-inf" or <odd>p<power>.
double ValueOf(const std::string& text) {
  const std::size_t p = text.find('p');
  if (p == std::string::npos) return std::stod(text);
  return std::ldexp(std::stod(text.substr(0, p)), std::stoi(text.substr(p + 1)));
}

std::string TextOf(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  if (value == 0) return "0";
  int power = 0;
  auto odd = static_cast<std::int64_t>(std::ldexp(std::frexp(value, &power), 53));
  for (power -= 53; odd % 2 == 0; odd /= 2) ++power;
  return fmt::format("{}p{}", odd, power);
}

Format Get(const std::string& name) {
  const Expected<Format> format = Format::Parse(name);
  EXPECT_TRUE(format.has_value()) << (format ? "" : format.error().message);
  return *format;
}

bool Same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

TEST(Vectors, EveryCodeOfEveryFormatUpToEightBitsDecodesToItsValue) {
  const std::vector<Row> rows = ReadRows("tables.txt");
  EXPECT_GT(rows.size(), 150u);
  for (const Row& row : rows) {
    const Format format = Get(row.name);
    ASSERT_EQ(row.fields.size(), std::size_t{1} << format.bits()) << row.name;
    for (Code code = 0; code < row.fields.size(); ++code) {
      ASSERT_TRUE(Same(format.Decode(code), ValueOf(row.fields[code])))
          << row.name << ' ' << code << ": " << format.Decode(code) << ", " << row.fields[code];
    }
  }
}

TEST(Vectors, TheTablesOfWideFormatsHaveTheirChecksums) {
  for (const Row& row : ReadRows("sums.txt")) {
    const Format format = Get(row.name);
    std::string all;
    for (Code code = 0; code < Code{1} << format.bits(); ++code) {
      all += TextOf(format.Decode(code)) + "\n";
    }
    const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(all.data()), all.size());
    EXPECT_EQ(fmt::format("{:08x}", sum), row.fields.at(0)) << row.name;
  }
}

// The lowest code of each finite value.
std::map<double, Code> CodesOf(const Row& row) {
  std::map<double, Code> codes;
  for (Code code = 0; code < row.fields.size(); ++code) {
    const double value = ValueOf(row.fields[code]);
    if (std::isfinite(value)) codes.emplace(value, code);
  }
  return codes;
}

TEST(Vectors, MidpointsAndTheirNeighboursEncodeAsTheyShould) {
  std::map<std::string, std::string> ties;
  for (const Row& row : ReadRows("ties.txt")) {
    ties[row.name] = row.fields.empty() ? "" : row.fields[0];
  }
  for (const Row& row : ReadRows("tables.txt")) {
    const Format format = Get(row.name);
    const std::map<double, Code> codes = CodesOf(row);
    ASSERT_EQ(ties.at(row.name).size() + 1, codes.size()) << row.name;
    auto low = codes.begin();
    for (const char up : ties.at(row.name)) {
      const auto high = std::next(low);
      const double middle = low->first / 2 + high->first / 2;
      const double below = middle == 0 ? -0x1p-1000 : std::nextafter(middle, -kInfinity);
      const double above = middle == 0 ? 0x1p-1000 : std::nextafter(middle, kInfinity);
      ASSERT_EQ(format.Encode(middle), up == '1' ? high->second : low->second)
          << row.name << middle;
      ASSERT_EQ(format.Encode(below), low->second) << row.name << ' ' << below;
      ASSERT_EQ(format.Encode(above), high->second) << row.name << ' ' << above;
      low = high;
    }
  }
}

TEST(Vectors, HardDoublesEncodeAsTheyShould) {
  for (const Row& row : ReadRows("codes.txt")) {
    const Format format = Get(row.name);
    ASSERT_GE(row.fields.size(), 20u) << row.name;
    for (std::size_t i = 0; i < row.fields.size(); i += 2) {
      const double x = ValueOf(row.fields[i]);
      EXPECT_EQ(std::to_string(format.Encode(x)), row.fields[i + 1]) << row.name << ' ' << x;
    }
  }
}

}  // namespace
}  // namespace bw
