#pragma once
// What was measured of a plan is remembered, here or in a store that outlives the program.

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "bitwright/quant/evaluate.h"

namespace bw {

// The plan as text (PlanToJson; in front of it what else tells the measurement apart), and over how
// many of the search split's first samples it was run.
struct TrialKey {
  std::string plan;
  std::size_t samples = 0;
  friend auto operator<=>(const TrialKey&, const TrialKey&) = default;
};

// One network, one data set, one version of the code. Called from one thread at a time.
class TrialMemo {
 public:
  virtual ~TrialMemo() = default;
  virtual Expected<std::optional<Evaluation>> Find(const TrialKey& key) = 0;
  virtual Expected<void> Keep(const TrialKey& key, const Evaluation& evaluation) = 0;

  // Seconds that the search has cost since the memo was made; what earlier runs spent on answers
  // that this search resumes from is included.
  double Elapsed() const {
    const std::chrono::duration<double> own = std::chrono::steady_clock::now() - start_;
    return own.count() + ahead_;
  }

 protected:
  void AdvanceTo(double elapsed) { ahead_ += std::max(0.0, elapsed - Elapsed()); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double ahead_ = 0;
};

// Forgets at the end.
class TrialMap : public TrialMemo {
 public:
  Expected<std::optional<Evaluation>> Find(const TrialKey& key) override {
    const auto found = trials_.find(key);
    return found == trials_.end() ? std::nullopt : std::optional(found->second);
  }
  Expected<void> Keep(const TrialKey& key, const Evaluation& evaluation) override {
    trials_.insert_or_assign(key, evaluation);
    return {};
  }

 private:
  std::map<TrialKey, Evaluation> trials_;
};

}  // namespace bw
