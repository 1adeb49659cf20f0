// Real networks with control flow, recurrent layers or int8 codes, on real or made inputs:
//
//   conformance_networks <shared data> <folder>
//
// writes cases.json and, for each case, inputs and Bitwright's outputs, for judge.mjs. Exits with
// 77 where the data is not there.
#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "bitwright/base/file.h"
#include "bitwright/base/rng.h"
#include "bitwright/data/dataset.h"
#include "bitwright/onnx/import.h"
#include "bitwright/runtime/interpreter.h"

namespace bw {
namespace {

constexpr int kSkip = 77;

struct Case {
  std::string model, name;
  std::vector<TensorPtr> inputs;
  std::string rule;  // of judge.mjs
};

std::string Bytes(const Tensor& tensor) {
  return {static_cast<const char*>(ConstTensorRef(tensor).data), tensor.bytes()};
}

TensorPtr Noise(Shape shape, float low, float high, std::uint64_t seed) {
  Rng rng(seed);
  auto tensor = std::make_shared<Tensor>(DType::kFloat32, std::move(shape));
  for (float& x : tensor->span<float>()) {
    x = low + (high - low) * static_cast<float>(rng.Uniform());
  }
  return tensor;
}

// PCM16 samples from the start of the data chunk, as floats in [-1, 1).
Expected<TensorPtr> Speech(const std::string& path, std::size_t from, std::int64_t count) {
  BW_ASSIGN(const std::string file, ReadFile(path));
  const std::size_t data = file.find("data");
  const std::size_t at = data + 8 + 2 * from;
  if (data == std::string::npos || at + 2 * static_cast<std::size_t>(count) > file.size()) {
    return Fail("{}: is too short, {} samples are needed", path, count);
  }
  auto tensor = std::make_shared<Tensor>(DType::kFloat32, Shape{1, count});
  std::size_t i = 0;
  for (float& x : tensor->span<float>()) {
    std::int16_t sample = 0;
    std::memcpy(&sample, file.data() + at + 2 * i++, 2);
    x = static_cast<float>(sample) / 32768.0F;
  }
  return tensor;
}

TensorPtr Number(Shape shape, std::int64_t value) {
  return std::make_shared<Tensor>(Tensor::From<std::int64_t>(std::move(shape), std::vector{value}));
}

// Speech in windows of 576 samples, from a quiet and a loud place, with a state that is not 0.
Expected<std::vector<Case>> Cases(const std::string& data) {
  std::vector<Case> cases;
  for (const std::size_t from : {0, 160000, 480000}) {
    BW_ASSIGN(TensorPtr speech, Speech(data + "/audio/silero_test.wav", from, 576));
    cases.push_back(
        {"silero_vad_16k_op15",
         fmt::format("silero_{}", from),
         {std::move(speech), Noise({2, 1, 128}, -0.5F, 0.5F, from + 1), Number({}, 16000)},
         "near"});
  }
  cases.push_back({"ultraface_rfb320", "ultraface", {Noise({1, 3, 240, 320}, -1, 1, 7)}, "near"});
  Preprocess photo;
  photo.center_crop = 224;
  photo.scale = 1.0 / 255;
  photo.mean = {0.485, 0.456, 0.406};
  photo.std = {0.229, 0.224, 0.225};
  BW_ASSIGN(const Dataset photos,
            Dataset::Open(data + "/imagenet/ilsvrc2012_val650_227.tar", "", photo));
  for (const std::size_t i : {0, 100, 200, 300, 400, 500}) {
    BW_ASSIGN(Tensor image, photos.Batch(i, 1));
    cases.push_back({"mobilenetv2-12-int8_zoo",
                     fmt::format("mobilenetv2_int8_{}", i),
                     {std::make_shared<Tensor>(std::move(image))},
                     "codes"});
  }
  return cases;
}

Expected<nlohmann::json> Run(const std::string& data, const Case& one, const std::string& folder) {
  const std::string path = fmt::format("{}/models/{}.onnx", data, one.model);
  BW_ASSIGN(const Graph graph, ImportOnnx(path));
  nlohmann::json json = {{"model", path}, {"name", one.name}, {"rule", one.rule}};
  BW_ASSIGN(const std::vector<TensorPtr> outputs, Interpreter(graph).Run(one.inputs));
  const auto write = [&](const char* kind, ValueId id, const Tensor& tensor) -> Expected<void> {
    const std::string file = fmt::format("{}_{}_{}.bin", one.name, kind, json[kind].size());
    json[kind].push_back({{"name", graph.value(id).name},
                          {"type", DTypeName(tensor.dtype())},
                          {"shape", tensor.shape()},
                          {"file", file}});
    return WriteFile(folder + "/" + file, Bytes(tensor));
  };
  for (std::size_t i = 0; i < one.inputs.size(); ++i) {
    BW_TRY(write("inputs", graph.inputs[i], *one.inputs[i]));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    BW_TRY(write("outputs", graph.outputs[i], *outputs[i]));
  }
  return json;
}

int Main(const std::string& data, const std::string& folder) {
  if (!std::filesystem::exists(data + "/models")) {
    fmt::print("skipped: {}/models is not there\n", data);
    return kSkip;
  }
  std::filesystem::create_directories(folder);
  nlohmann::json all = nlohmann::json::array();
  const auto cases = Cases(data);
  if (!cases) {
    fmt::print("{}\n", cases.error().message);
    return 1;
  }
  for (const Case& one : *cases) {
    auto json = Run(data, one, folder);
    if (!json) {
      fmt::print("{}: {}\n", one.name, json.error().message);
      return 1;
    }
    all.push_back(*std::move(json));
  }
  return WriteFile(folder + "/cases.json", all.dump(1)) ? 0 : 1;
}

}  // namespace
}  // namespace bw

int main(int argc, char** argv) { return argc == 3 ? bw::Main(argv[1], argv[2]) : 2; }
