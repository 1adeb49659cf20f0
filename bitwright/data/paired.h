#pragma once
// Shares of right answers, of one classifier or of two on the same samples: what may be said of the
// true ones. Exact, without asymptotics; knows only counts.

#include <cstdint>

namespace bw {

// Of `samples` pairs, those that the second classifier lost (right before, wrong after) and those
// that it won. The rest changed nothing.
struct PairedCounts {
  std::int64_t samples = 0, lost = 0, won = 0;
  double drop() const { return static_cast<double>(lost - won) / static_cast<double>(samples); }
};

// P-values of "neither is better", two-sided: McNemar's exact test (the sign test over the changed
// samples), 2 P(X <= min(lost, won)) for X ~ Binomial(lost + won, 1/2), at most 1; and its mid-p
// form, which counts the observed outcome half (Lancaster 1961; Fagerland, Lydersen, Laake, BMC
// Medical Research Methodology 13:91, 2013).
double McNemarExact(const PairedCounts& counts);
double McNemarMidP(const PairedCounts& counts);

// A limit U in [-1, 1] with P(true drop <= U) >= confidence whatever the two classifiers are: the
// drop is P(lost) - P(won) of a fresh sample. Buehler's limit (1957): the largest drop under which
// outcomes that look as good as this one have a probability above 1 - confidence. As good means: no
// greater upper limit by Tango's score (Statistics in Medicine 17:891, 1998), the ordering that
// Lloyd and Moldovan (Statistics in Medicine 26:3369, 2007) found tight. P(won) is unknown; the
// largest probability is taken over its Clopper-Pearson interval, whose own error is paid for
// (Berger and Boos, JASA 89:1012, 1994). Rounded up by at most 5e-3 of its distance from the
// counted drop. docs/certificate.md derives it.
double UpperDropLimit(const PairedCounts& counts, double confidence);

struct Interval {
  double low = 0, high = 0;
};
// The two-sided interval of two such limits, each with half of the error.
Interval DropInterval(const PairedCounts& counts, double confidence);

// Of one proportion, `hits` of `samples` (Clopper and Pearson, Biometrika 26:404, 1934).
Interval ShareInterval(std::int64_t hits, std::int64_t samples, double confidence);

// The fewest samples that can show a drop of at most `max_drop` (> 0): so many that, with not one
// changed, UpperDropLimit is within it.
std::int64_t FewestSamples(double max_drop, double confidence);

}  // namespace bw
