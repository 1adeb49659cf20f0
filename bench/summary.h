#pragma once
// What the benchmarks have measured, and the table made of it.

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace bw::bench {

// Keeps the median of each benchmark's repetitions, in nanoseconds of CPU time per element.
class Summary final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

  // Names are "<operation>/<format>"; operation "copy" has one, "reference_<operation>" is the
  // scalar reference of an operation.
  void Print() const;

  // Nanoseconds per element; 0 when it has not run.
  double Of(const std::string& name) const;

 private:
  void PrintRow(const std::string& operation, double bytes, double wanted) const;
  void PrintReference(const std::string& operation) const;
  void PrintPacking(const std::string& operation) const;
  void PrintSearch() const;

  std::map<std::string, double> nanoseconds_;
};

}  // namespace bw::bench
