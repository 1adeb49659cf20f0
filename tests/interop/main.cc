// Writes the cases that judge.mjs opens with ONNX Runtime: interop_cases <folder>.

#include <onnx/checker.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "bitwright/base/file.h"
#include "bitwright/export/export_onnx.h"
#include "bitwright/runtime/executor.h"
#include "cases.h"

namespace bw::interop {
namespace {

std::string_view Bytes(ConstTensorRef tensor) {
  const auto elements = tensor.span<float>();
  return {reinterpret_cast<const char*>(elements.data()), elements.size_bytes()};
}

Expected<void> Check(const std::string& model) {
  onnx::ModelProto proto;
  if (!proto.ParseFromString(model)) return Fail("the exported bytes do not parse");
  try {
    onnx::checker::check_model(proto);
  } catch (const std::exception& error) {
    return Fail("the ONNX checker refuses the model: {}", error.what());
  }
  return {};
}

Expected<nlohmann::json> Write(const Case& test, const std::string& folder) {
  const Graph& graph = test.graph;
  BW_TRY(Verify(graph));
  BW_ASSIGN(const std::string model, ExportOnnx(graph));
  BW_TRY(Check(model));
  BW_ASSIGN(Executor executor, Executor::Create(graph, {test.input.shape()}, {}));
  executor.Run(std::vector<ConstTensorRef>{test.input});
  BW_TRY(MakeFolder(folder));
  BW_TRY(WriteFile(folder + "/model.onnx", model));
  BW_TRY(WriteFile(folder + "/input.bin", Bytes(test.input)));
  BW_TRY(WriteFile(folder + "/expected.bin", Bytes(executor.Output(0))));
  return nlohmann::json{{"model", test.name},
                        {"input", graph.value(graph.inputs[0]).name},
                        {"output", graph.value(graph.outputs[0]).name},
                        {"inputShape", test.input.shape()},
                        {"classes", executor.Output(0).shape.back()},
                        {"rule", test.rule},
                        {"step", test.step}};
}

std::vector<Case> AllCases() {
  std::vector<Case> all;
  const auto append = [&](std::vector<Case> cases) {
    for (Case& test : cases) all.push_back(std::move(test));
  };
  for (const FormatFamily* family : families::All()) {
    for (const std::string_view name : family->examples) {
      const auto format = Format::Parse(name);
      BW_CHECK(format.has_value());
      if (format->bits() > 16 || family->name == "scale") continue;
      append(FormatCases(*format));
      append(RoundingCases(*format));
    }
  }
  const char* data = std::getenv("BITWRIGHT_DATA");
  append(NetworkCases(data == nullptr ? "" : data));
  return all;
}

int Main(const std::string& folder) {
  nlohmann::json list = nlohmann::json::array();
  for (const Case& test : AllCases()) {
    const auto entry = Write(test, folder + "/" + test.name);
    if (!entry) {
      std::fprintf(stderr, "%s: %s\n", test.name.c_str(), entry.error().message.c_str());
      return EXIT_FAILURE;
    }
    list.push_back(*entry);
  }
  if (!WriteFile(folder + "/cases.json", list.dump(1))) return EXIT_FAILURE;
  std::printf("%zu cases\n", list.size());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace bw::interop

int main(int argc, char** argv) {
  if (argc == 2) return bw::interop::Main(argv[1]);
  std::fprintf(stderr, "usage: interop_cases <folder>\n");
  return 2;
}
