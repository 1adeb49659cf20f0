#pragma once
// Whether the measured accuracy of a plan is accepted.

#include "bitwright/search/problem.h"
#include "bitwright/tune/tune.h"

namespace bw {

// What unseen samples are likely to lose. A counted drop below the expected one (choice_loss.h) is
// luck, of which a long search finds plenty, and is not believed; one above it is partly bad luck
// and is believed by half.
double UnseenDrop(const Metric& metric, double counted, const Evaluation& evaluation);

// What must be within the bound: the upper limit of the drop at the confidence demanded
// (certificate.h); where none is, what unseen samples are likely to lose plus a reserve of standard
// errors, whose square is believed by the same rule.
double CautiousDrop(const Evaluator& evaluator, const Evaluation& evaluation,
                    const TuneOptions& options);

// Feasible where the counted drop and the cautious one are within the bound. The slack of a cheap
// measurement leaves the reserve out.
Verdict Judge(const Evaluator& evaluator, const Evaluation& evaluation, const TuneOptions& options,
              Fidelity fidelity);

}  // namespace bw
