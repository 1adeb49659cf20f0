#pragma once
// A network's candidates as a space of plans: what can be decided, what each candidate alone does
// to the network's output, what a whole plan does.

#include <optional>
#include <vector>

#include "bitwright/search/problem.h"
#include "bitwright/tune/candidates.h"
#include "bitwright/tune/equalize.h"
#include "bitwright/tune/trial_memo.h"
#include "bitwright/tune/tune.h"

namespace bw {

class PlanSpace {
 public:
  // Calibrates, makes and rounds the candidates, and measures each alone. Everything referred to
  // must outlive the space. Fails where the float network's own accuracy is implausible.
  static Expected<PlanSpace> Create(const Graph& graph, const QuantTargets& targets,
                                    const TuneData& data, const Metric& metric,
                                    const TuneOptions& options, TrialMemo& memo,
                                    const Progress& progress);

  // One decision for each target that has candidates; the candidates' sensitivities.
  const ChoiceTable& losses() const { return losses_; }
  std::size_t target(std::size_t decision) const { return decided_[decision]; }
  const Candidate& candidate(std::size_t decision, std::size_t choice) const {
    return candidates_[members_[decision][choice]];
  }
  std::vector<Candidate> Chosen(const Assignment& assignment) const;
  Plan PlanOf(const Assignment& assignment) const;
  // The weights of the plan, by target.
  WeightCodes Codes(const Assignment& assignment) const;
  // The plan's graph with its real codes.
  Expected<Graph> Quantized(const Assignment& assignment) const;

  // Of the whole search split, or its first cheap_samples().
  Expected<Evaluator*> EvaluatorOf(Fidelity fidelity);
  // The plan on the search split, or on its first cheap_samples(). Through the memo.
  Expected<Evaluation> Measure(const Assignment& assignment, Fidelity fidelity);
  std::size_t cheap_samples() const { return cheap_samples_; }

  // For strategies: "width" (bits of the element), "local_error" (squared error over energy),
  // "error" (squared error, of an activation's for one sample), "elements", "is_activation" (1 or
  // 0), "trace" and "likeness" (facts.h). The trace of an activation is told by the loss of its
  // choice of least error that has one in place of random signs; the features of a weight are its
  // layer's output.
  Expected<ChoiceTable> Fact(std::string_view name);

  Evaluator& search() { return *search_; }
  const Evaluator& search() const { return *search_; }
  // The float network that plans are applied to: the user's, its channels equalized.
  const Graph& graph() const { return *network_.graph; }
  const QuantTargets& targets() const { return *targets_; }
  const std::vector<ActivationStatistics>& statistics() const { return network_.statistics; }

 private:
  PlanSpace() = default;
  Expected<void> Prepare(const Graph& graph, const TuneData& data, const Metric& metric,
                         const Progress& progress);
  Plan EmptyPlan() const;
  Expected<void> RoundCandidates(const Dataset& calibration, const Progress& progress);
  Expected<void> MeasureSensitivities(const Progress& progress);
  std::string AloneText(const Candidate& candidate) const;
  void MakeDecisions();
  void Add(std::size_t candidate, Rounding& rounding) const;
  double Error(const Candidate& candidate) const;
  Expected<std::vector<double>> Traces();
  Expected<std::vector<double>> Likenesses() const;

  SearchNetwork network_;
  const QuantTargets* targets_ = nullptr;
  TuneOptions options_;
  TrialMemo* memo_ = nullptr;
  std::optional<Evaluator> search_, cheap_;
  std::size_t cheap_samples_ = 0;
  std::vector<Candidate> candidates_;
  std::vector<std::optional<CandidateRounding>> roundings_;  // by candidate
  std::vector<std::size_t> decided_;                         // targets, by decision
  std::vector<std::vector<std::size_t>> members_;            // by decision: its choices' candidates
  ChoiceTable losses_;
};

}  // namespace bw
