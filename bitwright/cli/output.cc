#include "bitwright/cli/output.h"

#include <cstdio>

#include "bitwright/base/file.h"
#include "bitwright/base/text.h"
#include "bitwright/export/export_onnx.h"

namespace bw {

Expected<void> WriteNetwork(const std::string& folder, const Plan& plan, const Graph& quantized) {
  BW_ASSIGN(const std::string bytes, ExportOnnx(quantized));
  BW_TRY(WriteFile(folder + "/model.onnx", bytes));
  return WriteFile(folder + "/plan.json", PlanToJson(plan));
}

Expected<void> WriteFront(const std::string& folder, const Front& front) {
  BW_TRY(WriteFile(folder + "/pareto.json", FrontToJson(front)));
  BW_TRY(WriteFile(folder + "/pareto.csv", FrontToCsv(front)));
  return WriteFile(folder + "/pareto.svg", FrontToSvg(front));
}

Expected<void> WriteReport(const std::string& folder, const Report& report, bool json) {
  const std::string text = ReportToJson(report);
  const std::string markdown = ReportToMarkdown(report);
  BW_TRY(WriteFile(folder + "/report.json", text));
  BW_TRY(WriteFile(folder + "/report.md", markdown));
  if (json) {
    fmt::print("{}", text);
    return {};
  }
  fmt::print("{}\nresults in {}: model.onnx plan.json report.json report.md\n",
             markdown.substr(0, markdown.find("\nBytes of weights")), folder);
  return {};
}

}  // namespace bw
