#include "bitwright/tune/certificate.h"

#include <cmath>

#include "bitwright/base/check.h"
#include "bitwright/data/bootstrap.h"

namespace bw {
namespace {

constexpr std::uint64_t kBootstrapSeed = 1;

bool IsShare(const Metric& metric) { return metric.is_percent && metric.columns == 1; }

PairedCounts Count(const Evaluation& before, const Evaluation& after) {
  BW_CHECK(before.scores.size() == after.scores.size());
  PairedCounts counts;
  counts.samples = static_cast<std::int64_t>(before.scores.size());
  for (std::size_t i = 0; i < before.scores.size(); ++i) {
    counts.lost += before.scores[i] > after.scores[i] ? 1 : 0;
    counts.won += before.scores[i] < after.scores[i] ? 1 : 0;
  }
  return counts;
}

DropLimits Bootstrap(const Metric& metric, const Dataset& data, const Evaluation& before,
                     const Evaluation& after, double confidence) {
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; data.has_labels() && i < data.size(); ++i)
    labels.push_back(data.label(i));
  return BootstrapDrop({metric, labels, before.scores, after.scores}, confidence, kBootstrapSeed);
}

// The fewest samples of a split that can show the bound, and what its own number shows.
struct Need {
  std::size_t samples = 0;
  std::string shown;
};

Need FewestFor(const Metric& metric, std::size_t samples, double max_drop, double confidence) {
  if (!IsShare(metric)) {
    return {static_cast<std::size_t>(std::ceil(1 / (1 - confidence) - 1e-9)),
            "a resampling of so few has no such tail"};
  }
  const auto n = static_cast<std::int64_t>(samples);
  return {static_cast<std::size_t>(FewestSamples(max_drop, confidence)),
          fmt::format("with not one answer changed they show a drop of at most {:.2f} points",
                      100 * UpperDropLimit({n, 0, 0}, confidence))};
}

}  // namespace

std::optional<Certificate> MakeCertificate(const Metric& metric, const Dataset& data,
                                           const Evaluation& before, const Evaluation& after,
                                           double confidence, std::optional<double> max_drop) {
  if (!std::isfinite(before.value) || !std::isfinite(after.value)) return std::nullopt;
  Certificate certificate;
  certificate.confidence = confidence;
  certificate.samples = after.images;
  certificate.drop = Drop(before, after);
  certificate.max_drop = max_drop;
  if (IsShare(metric)) {
    certificate.counts = Count(before, after);
    certificate.interval = DropInterval(*certificate.counts, confidence);
    certificate.upper_limit = UpperDropLimit(*certificate.counts, confidence);
  } else {
    const DropLimits limits = Bootstrap(metric, data, before, after, confidence);
    certificate.interval = limits.interval;
    certificate.upper_limit = limits.upper;
  }
  return certificate;
}

double UpperDrop(const Metric& metric, const Dataset& data, const Evaluation& before,
                 const Evaluation& after, double confidence) {
  if (IsShare(metric)) return UpperDropLimit(Count(before, after), confidence);
  return Bootstrap(metric, data, before, after, confidence).upper;
}

Expected<SplitContents> ReadContents(const TuneData& data, int threads) {
  BW_ASSIGN(std::vector<ContentHash> calibration, HashSamples(data.calibration, threads));
  BW_ASSIGN(const std::vector<ContentHash> search, HashSamples(data.search, threads));
  BW_ASSIGN(const std::vector<ContentHash> test, HashSamples(data.test, threads));
  SplitContents contents{HashSet(data.calibration, calibration), HashSet(data.search, search),
                         HashSet(data.test, test), CountShared(search, calibration), 0};
  calibration.insert(calibration.end(), search.begin(), search.end());
  contents.test_in_others = CountShared(test, calibration);
  return contents;
}

Expected<void> CheckConfidence(const TuneData& data, const SplitContents& contents,
                               const Metric& metric, double max_drop, double confidence) {
  for (const auto& [name, split] : {std::pair("search", &data.search), {"test", &data.test}}) {
    if (IsShare(metric) && !(max_drop > 0)) {
      return FailUsage(
          "--confidence: a drop of at most 0 cannot be shown by any number of samples; give a "
          "--max-drop above 0");
    }
    const Need need = FewestFor(metric, split->size(), max_drop, confidence);
    if (split->size() >= need.samples) continue;
    return Fail(
        "{}: the {} split has {} samples, too few for --confidence {:g}%{}: {}; at least {} are "
        "needed there: give {:.1f} times the data, a greater --max-drop or a lower --confidence",
        split->origin(), name, split->size(), 100 * confidence,
        IsShare(metric) ? fmt::format(" of a drop of at most {:g} points", 100 * max_drop) : "",
        need.shown, need.samples,
        static_cast<double>(need.samples) / static_cast<double>(split->size()) + 0.05);
  }
  if (contents.test_in_others == 0) return {};
  return Fail(
      "{}: {} of its {} test samples are in the calibration or the search split too, and nothing "
      "can be certified by samples that something was chosen by; remove the repeats, or give a "
      "separate --test",
      data.test.origin(), contents.test_in_others, data.test.size());
}

}  // namespace bw
