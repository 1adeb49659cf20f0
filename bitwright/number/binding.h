#pragma once
// The names of a program's Numbers, what the plan in force says of each, and what was seen of them.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bitwright/number/plan.h"

namespace bw::number {

// One name. Lives until the process ends.
struct Binding {
  explicit Binding(std::string its_name) : name(std::move(its_name)) {}

  const std::string name;
  std::atomic<const Representation*> format = &Representation::Float32();
  std::atomic<std::int64_t> elements = 0;       // alive now
  std::atomic<std::int64_t> most_elements = 0;  // alive at once
  // While the program is described (RecordNumbers):
  std::atomic<float> max_abs = 0;
  std::atomic<std::uint64_t> stores = 0, nans = 0;

  void AddElements(std::int64_t count);
  // A value on its way in, before it is rounded.
  void Record(float value);
};

// The binding of a name; makes it on first use. Thread-safe.
Binding& Bind(std::string_view name);

// Whether Record is wanted.
bool Recording();

// Puts a plan in force: bound Numbers and arrays that are alive take up their new representation
// at their next use. Not while other threads use Numbers. Before any call, the plan is the file
// that the environment names in BITWRIGHT_PLAN, else empty (all float32); if that file is no plan,
// the process ends with a message and exit code 3.
void UsePlan(const Plan& plan, const std::string& origin = "plan");
// The same from a file.
Expected<void> UsePlanFile(const std::string& path);

// Fails when the plan names a Number that was not bound until now, with the nearest that was; and,
// when `strict`, when a Number that was bound has no line (it is float32). Call it once all
// Numbers are declared. A process that never does says so on its standard error at its end.
Expected<void> CheckPlan(bool strict = false);

// What the tuner must know of one name.
struct NumberInfo {
  std::string name;
  std::int64_t elements = 0;  // scalars and array elements of that name alive at once, at most
  double max_abs = 0;         // largest finite magnitude stored
  std::uint64_t stores = 0;   // values stored
  std::uint64_t nans = 0;     // of them NaN or infinite
  friend bool operator==(const NumberInfo&, const NumberInfo&) = default;
};

// Starts (anew, from zero) or stops recording. A process whose environment has BITWRIGHT_NUMBERS
// records from its start and writes DescribeNumbers() to the file of that name when it ends by
// return from main or exit().
void RecordNumbers(bool on);
// All names bound so far, sorted.
std::vector<NumberInfo> DescribeNumbers();

// Text: a line "<name> <elements> <max_abs> [<stores> [<nans>]]" each, `#` comments.
std::string ToText(const std::vector<NumberInfo>& numbers);
Expected<std::vector<NumberInfo>> ParseNumbers(std::string_view text, const std::string& where);
Expected<void> WriteNumbers(const std::string& path);

}  // namespace bw::number
