#pragma once
// What was done to a network, for people and for programs.

#include <map>
#include <string>

#include "bitwright/quant/repair.h"
#include "bitwright/runtime/lower.h"
#include "bitwright/tune/certificate.h"
#include "bitwright/tune/tune.h"

namespace bw {

// One tensor's line.
struct TensorReport {
  std::string name;
  TargetKind kind = TargetKind::kWeight;
  std::string spec;  // "fp32" where the tensor stays float
  int bits = 32;
  std::int64_t elements = 0, bytes = 0;
  double sqnr_db = 0;  // of the tensor itself; infinite when nothing is lost
  std::optional<double>
      sensitivity;  // divergence of the output with this tensor alone rounded; only from a search
};

// How many samples each split has, and how many of them stand in an earlier split too.
struct SplitReport {
  std::size_t calibration = 0, search = 0, test = 0;
  std::size_t search_in_calibration = 0, test_in_others = 0;
};

// The program that said how good the networks are.
struct JudgeReport {
  std::string command;
  std::size_t runs = 0;
  std::vector<std::string> faults;  // of the plans that it had no value for
};

struct Report {
  std::string network, data, metric;
  bool percent = false;  // the metric is a share: shown times 100, drops in points
  double float_value = 0, quantized_value = 0;
  std::size_t images = 0;  // of the test split
  std::string split;       // how calibration, search and test samples were told apart
  std::optional<double> max_drop, search_drop;
  std::optional<SplitReport> splits;
  std::optional<Certificate> certificate;  // of the test split
  bool confidence_demanded = false;
  std::optional<double> search_upper_limit;
  std::optional<JudgeReport> judge;  // in place of the metric
  bool interrupted = false;          // the search was ended by the user
  Sizes sizes;
  double seconds = 0;
  std::size_t peak_memory_bytes = 0;  // resident, of the whole command
  std::vector<TensorReport> tensors;
  std::map<std::string, LayerArithmetic> layers;  // by node name
  std::vector<MethodGain> gains;                  // what each method did; empty: not measured
  std::vector<std::string> gain_layers;           // whose errors they list

  double drop() const { return float_value - quantized_value; }
};

// The tensor lines of a plan on a network; `quantized` is the plan applied to `graph`. SQNR of
// weights is exact; of activations over the statistics' samples (none: not known, NaN). `chosen`
// gives sensitivities and may be empty.
Expected<std::vector<TensorReport>> TensorReports(
    const Graph& graph, const Graph& quantized, const QuantTargets& targets, const Plan& plan,
    const std::vector<ActivationStatistics>& statistics, const std::vector<Candidate>& chosen);

// docs/report.md describes the keys; they are stable. Numbers that are not finite are null.
std::string ReportToJson(const Report& report);
// For people: Markdown with the summary first and a table of tensors.
std::string ReportToMarkdown(const Report& report);

}  // namespace bw
