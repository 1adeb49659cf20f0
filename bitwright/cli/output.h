#pragma once
// The folder that quantize and tune leave: model.onnx, plan.json, report.json, report.md; and the
// front of tune.

#include <string>

#include "bitwright/report/report.h"

namespace bw {

// Writes plan.json and the quantized model.onnx; each file appears whole or not at all.
Expected<void> WriteNetwork(const std::string& folder, const Plan& plan, const Graph& quantized);

// Writes pareto.json, pareto.csv and pareto.svg.
Expected<void> WriteFront(const std::string& folder, const Front& front);

// Writes report.json and report.md, and prints the summary (or with `json` the JSON).
Expected<void> WriteReport(const std::string& folder, const Report& report, bool json);

}  // namespace bw
