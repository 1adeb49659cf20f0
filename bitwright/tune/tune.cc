#include "bitwright/tune/tune.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "bitwright/base/parallel.h"
#include "bitwright/quant/bias_correction.h"
#include "bitwright/runtime/work.h"
#include "bitwright/search/descent.h"
#include "bitwright/tune/candidates.h"

namespace bw {
namespace {

// What one sweep may cost in multiply-accumulates; fixed, so that the same inputs give the same
// result on any machine.
constexpr double kSensitivityMacs = 6e11;
constexpr double kBiasMacs = 1e12;
constexpr std::size_t kFewestSensitivitySamples = 16, kMostSensitivitySamples = 256;

// The tuner's state between its stages.
class Tuner {
 public:
  Tuner(const Graph& graph, const QuantTargets& targets, const TuneData& data, const Metric& metric,
        const TuneOptions& options, const SavePlan& save, const Progress& progress)
      : graph_(graph),
        targets_(targets),
        data_(data),
        metric_(metric),
        options_(options),
        save_(save),
        progress_(progress),
        start_(std::chrono::steady_clock::now()) {}

  Expected<TuneResult> Run() {
    BW_ASSIGN(Evaluator search,
              Evaluator::Create(graph_, data_.search, metric_, Options(true), progress_));
    if (!std::isfinite(search.float_result().value)) {
      return FailUsage(
          "--metric {}: the float network's own value is infinite, so no drop can be bounded; use "
          "agreement",
          metric_.name);
    }
    if (!options_.force) BW_TRY(CheckPlausible(search.float_result(), metric_, data_.search));
    const Dataset calibration = data_.calibration.First(options_.calibration_samples);
    BW_ASSIGN(statistics_,
              Calibrate(graph_, targets_, calibration, options_.seed, options_.threads, progress_));
    BW_ASSIGN(candidates_, MakeCandidates(graph_, targets_, statistics_, options_, progress_));
    BW_TRY(Realise(calibration));
    BW_TRY(MeasureSensitivities(search));
    MakeDecisions();
    BW_ASSIGN(const DescentResult found, Search(search));
    return Conclude(found, search);
  }

 private:
  RunnerOptions Options(bool keep_values) const {
    return {options_.threads, Backend::kFast, keep_values};
  }

  double Elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  // Rounds every candidate. A layer whose inputs cannot be drawn (ConvTranspose) rounds to nearest.
  Expected<void> Realise(const Dataset& calibration) {
    std::vector<LayerInputs> inputs(targets_.tensors.size());
    if (options_.rounding == WeightRounding::kCompensated) {
      BW_ASSIGN(inputs, CollectLayerInputs(graph_, targets_, calibration, options_.seed,
                                           options_.threads, progress_));
    }
    roundings_.resize(candidates_.size());
    std::mutex mutex;
    Expected<void> outcome;
    std::size_t done = 0;
    ParallelFor(candidates_.size(), options_.threads, [&](std::size_t c, int) {
      Candidate& candidate = candidates_[c];
      const QuantTarget& target = targets_.tensors[candidate.target];
      const LayerInputs& own = inputs[candidate.target];
      if (!own.empty()) candidate.plan.rounding = WeightRounding::kCompensated;
      Expected<CandidateRounding> rounding = bw::Realise(graph_, target, candidate.plan, &own);
      const std::scoped_lock lock(mutex);
      if (rounding)
        roundings_[c] = *std::move(rounding);
      else if (outcome)
        outcome = tl::unexpected(std::move(rounding).error());
      if (progress_)
        progress_("rounding weights",
                  static_cast<double>(++done) / static_cast<double>(candidates_.size()));
    });
    return outcome;
  }

  void Add(std::size_t candidate, Rounding& rounding) const {
    const QuantTarget& target = targets_.tensors[candidates_[candidate].target];
    if (target.kind == TargetKind::kWeight)
      rounding.constants[target.value] = &roundings_[candidate]->weight;
    else
      rounding.quantizers[target.value] = &roundings_[candidate]->activation;
  }

  Expected<void> MeasureSensitivities(Evaluator& search) {
    std::size_t samples = options_.sensitivity_samples;
    if (samples == 0) {
      BW_ASSIGN(const std::int64_t macs, CountMacs(graph_, data_.search.rows_per_sample()));
      const double per_sample =
          std::max(1.0, static_cast<double>(macs) * static_cast<double>(candidates_.size()) / 2);
      samples = std::clamp(static_cast<std::size_t>(kSensitivityMacs / per_sample),
                           kFewestSensitivitySamples, kMostSensitivitySamples);
    }
    std::vector<Rounding> alone(candidates_.size());
    for (std::size_t c = 0; c < candidates_.size(); ++c) Add(c, alone[c]);
    BW_ASSIGN(const std::vector<double> losses, search.Sensitivities(alone, samples, progress_));
    for (std::size_t c = 0; c < candidates_.size(); ++c) candidates_[c].sensitivity = losses[c];
    return {};
  }

  // One decision for each target that has candidates. What is not minimised keeps the weight of a
  // tie-break.
  void MakeDecisions() {
    std::map<std::size_t, std::vector<std::size_t>> by_target;
    for (std::size_t c = 0; c < candidates_.size(); ++c)
      by_target[candidates_[c].target].push_back(c);
    for (const auto& [target, members] : by_target) {
      const bool weight = targets_.tensors[target].kind == TargetKind::kWeight;
      const bool counts =
          options_.minimize == "total" || (options_.minimize == "weights") == weight;
      Decision decision;
      for (const std::size_t c : members) {
        const double bytes = static_cast<double>(candidates_[c].bytes);
        decision.push_back({counts ? bytes : bytes * 1e-3, candidates_[c].sensitivity});
      }
      decisions_.push_back(std::move(decision));
      members_.push_back(members);
    }
  }

  std::vector<std::size_t> Chosen(const Assignment& assignment) const {
    std::vector<std::size_t> chosen;
    for (std::size_t d = 0; d < assignment.size(); ++d)
      chosen.push_back(members_[d][assignment[d]]);
    return chosen;
  }

  Plan MakePlan(const Assignment& assignment) const {
    Plan plan;
    plan.network = Fingerprint(targets_);
    for (const std::size_t c : Chosen(assignment)) {
      plan.tensors.emplace(targets_.tensors[candidates_[c].target].name, candidates_[c].plan);
    }
    return plan;
  }

  Expected<Graph> Quantized(const Assignment& assignment) const {
    WeightCodes codes(targets_.tensors.size());
    for (const std::size_t c : Chosen(assignment))
      codes[candidates_[c].target] = roundings_[c]->codes;
    return ApplyPlan(graph_, targets_, MakePlan(assignment), codes);
  }

  // What unseen samples are likely to lose. A counted drop below the expected one is luck and is
  // not believed; one above it is partly bad luck and is believed by half.
  double UnseenDrop(double counted, const Evaluation& evaluation) const {
    if (!metric_.is_percent) return counted;
    return std::max(evaluation.expected_drop, (evaluation.expected_drop + counted) / 2);
  }

  Expected<DescentResult> Search(Evaluator& search) {
    const double margin = options_.margin.value_or(metric_.is_percent ? 1.0 : 4.0);
    const Oracle oracle = [&](const Assignment& assignment) -> Expected<Verdict> {
      Rounding rounding;
      for (const std::size_t c : Chosen(assignment)) Add(c, rounding);
      BW_ASSIGN(const Evaluation evaluation, search.Run(rounding));
      const double drop = Drop(search.float_result(), evaluation);
      const double reserve =
          margin * DropStandardError(metric_, data_.search, search.float_result(), evaluation);
      const double slack = options_.max_drop - UnseenDrop(drop, evaluation) - reserve;
      const Verdict verdict{slack >= 0 && drop <= options_.max_drop, slack};
      last_drop_ = drop;
      return verdict;
    };
    DescentLimits limits;
    limits.evaluations = options_.evaluations;
    limits.out_of_time = [&] { return Elapsed() > options_.budget_seconds; };
    limits.progress = progress_;
    limits.best = [&](const Assignment& assignment) -> Expected<void> {
      best_drop_ = last_drop_;
      BW_ASSIGN(const Graph quantized, Quantized(assignment));
      return save_(MakePlan(assignment), quantized);
    };
    return Descend(decisions_, oracle, limits);
  }

  // Gives the plan corrected biases where the search samples do not speak against it.
  Expected<void> Repair(const DescentResult& found, Evaluator& search, TuneResult& result) {
    if (!found.feasible || !options_.correct_biases) return {};
    Graph corrected = result.quantized;
    BW_ASSIGN(const LayerBiases biases, CorrectBiases(corrected, graph_, data_.calibration,
                                                      options_.threads, kBiasMacs, progress_));
    BW_TRY(SetBiases(corrected, biases));
    BW_ASSIGN(const Evaluation before,
              search.RunGraph(result.quantized, Options(false), progress_));
    BW_ASSIGN(const Evaluation after, search.RunGraph(corrected, Options(false), progress_));
    const double drop_before = Drop(search.float_result(), before);
    const double drop_after = Drop(search.float_result(), after);
    const bool farther = after.divergence > before.divergence;
    if (farther || UnseenDrop(drop_after, after) > UnseenDrop(drop_before, before)) return {};
    best_drop_ = drop_after;
    result.plan.biases = biases;
    result.quantized = std::move(corrected);
    return save_(result.plan, result.quantized);
  }

  // The figures of the report: the plan's own graph, run on samples that nothing was chosen by.
  Expected<TuneResult> Conclude(const DescentResult& found, Evaluator& search) {
    TuneResult result;
    BW_ASSIGN(result.quantized, Quantized(found.assignment));
    result.plan = MakePlan(found.assignment);
    BW_TRY(Repair(found, search, result));
    result.feasible = found.feasible;
    result.evaluations = found.evaluations;
    result.search_drop = found.feasible ? best_drop_ : last_drop_;
    for (const std::size_t c : Chosen(found.assignment)) result.chosen.push_back(candidates_[c]);
    BW_ASSIGN(Evaluator test,
              Evaluator::Create(graph_, data_.test, metric_, Options(false), progress_));
    BW_ASSIGN(result.quantized_test, test.RunGraph(result.quantized, Options(false), progress_));
    result.float_test = test.float_result();
    result.statistics = std::move(statistics_);
    return result;
  }

  const Graph& graph_;
  const QuantTargets& targets_;
  const TuneData& data_;
  const Metric& metric_;
  const TuneOptions& options_;
  const SavePlan& save_;
  const Progress& progress_;
  std::chrono::steady_clock::time_point start_;
  std::vector<ActivationStatistics> statistics_;  // by target
  std::vector<Candidate> candidates_;
  std::vector<std::optional<CandidateRounding>> roundings_;  // by candidate
  std::vector<Decision> decisions_;
  std::vector<std::vector<std::size_t>> members_;  // by decision: its choices' candidates
  double last_drop_ = 0, best_drop_ = 0;
};

}  // namespace

Expected<TuneResult> Tune(const Graph& graph, const QuantTargets& targets, const TuneData& data,
                          const Metric& metric, const TuneOptions& options, const SavePlan& save,
                          const Progress& progress) {
  return Tuner(graph, targets, data, metric, options, save, progress).Run();
}

}  // namespace bw
