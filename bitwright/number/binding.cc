#include "bitwright/number/binding.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

#include "bitwright/base/file.h"
#include "bitwright/base/text.h"

namespace bw::number {
namespace {

constexpr int kBadInputExit = 3;

// Never destroyed: Numbers with static storage may outlive anything else.
struct Registry {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<Binding>, std::less<>> bindings;
  Plan plan;
  std::string origin;
  bool checked = true;  // nothing to say at the end
  std::atomic<bool> recording = false;
};

void AtEnd();

Registry* MakeRegistry() {
  auto* registry = new Registry;
  if (const char* path = std::getenv("BITWRIGHT_PLAN"); path != nullptr && *path != '\0') {
    Expected<Plan> plan = Plan::Read(path);
    if (!plan) {
      std::fprintf(stderr, "bitwright: BITWRIGHT_PLAN: %s\n", plan.error().message.c_str());
      std::_Exit(kBadInputExit);
    }
    registry->plan = *std::move(plan);
    registry->origin = path;
    registry->checked = false;
  }
  registry->recording = std::getenv("BITWRIGHT_NUMBERS") != nullptr;
  std::atexit(AtEnd);
  return registry;
}

Registry& TheRegistry() {
  static Registry& registry = *MakeRegistry();
  return registry;
}

// Writes the description that the environment asks for, and says what the plan has too much.
void AtEnd() {
  if (!TheRegistry().checked) {
    if (const Expected<void> checked = CheckPlan(); !checked) {
      std::fprintf(stderr, "bitwright: %s\n", checked.error().message.c_str());
    }
  }
  const char* path = std::getenv("BITWRIGHT_NUMBERS");
  if (path == nullptr || *path == '\0') return;
  if (const Expected<void> written = WriteNumbers(path); !written) {
    std::fprintf(stderr, "bitwright: BITWRIGHT_NUMBERS: %s\n", written.error().message.c_str());
  }
}

void RaiseTo(std::atomic<std::int64_t>& most, std::int64_t value) {
  std::int64_t seen = most.load(std::memory_order_relaxed);
  while (seen < value && !most.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

std::vector<std::string> Names(const Registry& registry) {
  std::vector<std::string> names;
  for (const auto& [name, binding] : registry.bindings) names.push_back(name);
  return names;
}

}  // namespace

void Binding::AddElements(std::int64_t count) {
  RaiseTo(most_elements, elements.fetch_add(count, std::memory_order_relaxed) + count);
}

void Binding::Record(float value) {
  stores.fetch_add(1, std::memory_order_relaxed);
  const float magnitude = std::fabs(value);
  if (!std::isfinite(magnitude)) {
    nans.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  float seen = max_abs.load(std::memory_order_relaxed);
  while (seen < magnitude &&
         !max_abs.compare_exchange_weak(seen, magnitude, std::memory_order_relaxed)) {
  }
}

Binding& Bind(std::string_view name) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.bindings.find(name);
  if (found != registry.bindings.end()) return *found->second;
  auto& made = registry.bindings[std::string(name)];
  made = std::make_unique<Binding>(std::string(name));
  made->format = &registry.plan.Find(made->name);
  return *made;
}

bool Recording() { return TheRegistry().recording.load(std::memory_order_relaxed); }

void UsePlan(const Plan& plan, const std::string& origin) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  registry.plan = plan;
  registry.origin = origin;
  registry.checked = false;
  for (auto& [name, binding] : registry.bindings) binding->format = &plan.Find(name);
}

Expected<void> UsePlanFile(const std::string& path) {
  BW_ASSIGN(const Plan plan, Plan::Read(path));
  UsePlan(plan, path);
  return {};
}

Expected<void> CheckPlan(bool strict) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  registry.checked = true;
  for (const auto& [name, format] : registry.plan.formats()) {
    if (registry.bindings.contains(name)) continue;
    const std::vector<std::string> names = Names(registry);
    if (names.empty()) {
      return Fail("{}: '{}' names no Number of this program, which has none", registry.origin,
                  name);
    }
    return Fail("{}: '{}' names no Number of this program, nearest is '{}'", registry.origin, name,
                Nearest(name, names));
  }
  if (!strict) return {};
  for (const auto& [name, binding] : registry.bindings) {
    if (registry.plan.Has(name)) continue;
    return Fail(
        "{}: Number '{}' has no line, a strict plan names all; write '{} fp32' to keep it "
        "in float32",
        registry.origin, name, name);
  }
  return {};
}

void RecordNumbers(bool on) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  registry.recording = on;
  if (!on) return;
  for (auto& [name, binding] : registry.bindings) {
    binding->most_elements = binding->elements.load();
    binding->max_abs = 0;
    binding->stores = 0;
    binding->nans = 0;
  }
}

std::vector<NumberInfo> DescribeNumbers() {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  std::vector<NumberInfo> numbers;
  for (const auto& [name, b] : registry.bindings) {
    numbers.push_back({name, b->most_elements, double{b->max_abs}, b->stores, b->nans});
  }
  return numbers;
}

std::string ToText(const std::vector<NumberInfo>& numbers) {
  std::string text = "# name elements max_abs stores nans\n";
  for (const NumberInfo& number : numbers) {
    text += fmt::format("{} {} {} {} {}\n", number.name, number.elements, number.max_abs,
                        number.stores, number.nans);
  }
  return text;
}

namespace {

Expected<NumberInfo> ParseNumber(const std::vector<std::string>& words) {
  NumberInfo info;
  std::int64_t stores = 0, nans = 0;
  if (words.size() < 3 || words.size() > 5) {
    return Fail("{} words, allowed '<name> <elements> <max_abs> [<stores> [<nans>]]'",
                words.size());
  }
  info.name = words[0];
  char* end = nullptr;
  info.max_abs = std::strtod(words[2].c_str(), &end);
  if (!ParseInt(words[1], info.elements) || info.elements < 0) {
    return Fail("'{}' elements, allowed is an integer from 0", words[1]);
  }
  if (*end != '\0' || !(info.max_abs >= 0) || std::isinf(info.max_abs)) {
    return Fail("'{}' as largest magnitude, allowed is a number from 0", words[2]);
  }
  const bool counts = (words.size() < 4 || (ParseInt(words[3], stores) && stores >= 0)) &&
                      (words.size() < 5 || (ParseInt(words[4], nans) && nans >= 0));
  if (!counts) return Fail("'{}' after the magnitude, allowed are integers from 0", words[3]);
  info.stores = static_cast<std::uint64_t>(stores);
  info.nans = static_cast<std::uint64_t>(nans);
  return info;
}

}  // namespace

Expected<std::vector<NumberInfo>> ParseNumbers(std::string_view text, const std::string& where) {
  std::vector<NumberInfo> numbers;
  std::size_t number = 0;
  for (const std::string& line : Split(text, '\n')) {
    ++number;
    std::vector<std::string> words = Split(line.substr(0, line.find('#')), ' ');
    std::erase(words, "");
    if (words.empty()) continue;
    Expected<NumberInfo> info = ParseNumber(words);
    if (!info) return Context(fmt::format("{}: line {}", where, number), info.error());
    numbers.push_back(*std::move(info));
  }
  return numbers;
}

Expected<void> WriteNumbers(const std::string& path) {
  return WriteFile(path, ToText(DescribeNumbers()));
}

}  // namespace bw::number
