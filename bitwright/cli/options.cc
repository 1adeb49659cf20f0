#include "bitwright/cli/options.h"

#include <map>
#include <nlohmann/json.hpp>

#include "bitwright/base/file.h"
#include "bitwright/base/memory.h"
#include "bitwright/base/text.h"
#include "bitwright/onnx/import.h"
#include "bitwright/quant/pass.h"
#include "bitwright/quant/scale_method.h"
#include "bitwright/quant/self_distillation.h"
#include "bitwright/tflite/import.h"

namespace bw {
namespace {

using Json = nlohmann::ordered_json;

// "0.485,0.456,0.406" -> [0.485, 0.456, 0.406]
Expected<Json> NumberList(const std::string& text, const std::string& flag) {
  Json list = Json::array();
  for (const std::string& piece : Split(text, ',')) {
    char* end = nullptr;
    const double value = std::strtod(piece.c_str(), &end);
    if (piece.empty() || *end != '\0') {
      return FailUsage("{}: '{}' is no number; numbers with commas between them are needed", flag,
                       piece);
    }
    list.push_back(value);
  }
  return list;
}

Expected<Json> Merge(Json json, const DataOptions& options) {
  const auto text = [&](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  const auto number = [&](const char* key, int value) {
    if (value != 0) json[key] = value;
  };
  number("resize", options.resize);
  number("center_crop", options.center_crop);
  number("window", options.window);
  text("color", options.color);
  text("scale", options.scale);
  text("layout", options.layout);
  text("stored_layout", options.stored_layout);
  if (!options.mean.empty()) {
    BW_ASSIGN(json["mean"], NumberList(options.mean, "--mean"));
  }
  if (!options.std.empty()) {
    BW_ASSIGN(json["std"], NumberList(options.std, "--std"));
  }
  return json;
}

}  // namespace

void AddModel(CLI::App& app, std::string& path) {
  app.add_option("model", path, "trained float network, .onnx of opset 7 to 21 or .tflite")
      ->required();
}

void AddData(CLI::App& app, DataOptions& options, bool required) {
  CLI::Option* data =
      app.add_option("--data", options.data,
                     "samples: CIFAR .bin, MNIST idx(.gz), .npy/.npz, a folder or tar of JPEG/PNG");
  if (required) data->required();
  app.add_option("--labels", options.labels,
                 "labels, where --data has none inside (.npy, .txt, idx)");
  app.add_option("--metric", options.metric,
                 "top1 (default with labels), top5, agreement (default without), sqnr, auc");
  app.add_option("--limit", options.limit, "use the first N samples only")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--preprocess", options.preprocess_file,
                 "JSON with the settings below (examples/preprocess/)");
  app.add_option("--resize", options.resize, "short side in pixels")->check(CLI::PositiveNumber);
  app.add_option("--center-crop", options.center_crop, "square side in pixels")
      ->check(CLI::PositiveNumber);
  app.add_option("--color", options.color, "rgb | bgr: the order the network wants");
  app.add_option("--scale", options.scale, "factor of stored values, e.g. 1/255");
  app.add_option("--mean", options.mean, "subtracted after scaling, one or one for each channel");
  app.add_option("--std", options.std, "divides after that");
  app.add_option("--layout", options.layout, "nchw | nhwc: what the network wants");
  app.add_option("--stored-layout", options.stored_layout,
                 "nchw | nhwc: how .npy images are stored");
  app.add_option("--window", options.window, "consecutive frames that make one row")
      ->check(CLI::PositiveNumber);
}

void AddScaleMethods(CLI::App& app, std::string& weights, std::string& activations) {
  constexpr const char* kMethods = "mse | norm[=P] | max | percentile[=P] | kl | dda";
  app.add_option("--scale-method", weights, fmt::format("of weights: {}", kMethods));
  app.add_option("--activation-scale-method", activations,
                 fmt::format("of activations: {}{}",
                             activations == kScaleByOutput ? "output | " : "", kMethods));
}

void AddRounding(CLI::App& app, const std::function<void(WeightRounding)>& set) {
  app.add_option_function<std::string>(
         "--rounding",
         [set](const std::string& name) {
           set(name == "nearest" ? WeightRounding::kNearest : WeightRounding::kCompensated);
         },
         "of weights: nearest, or compensated by the layers' inputs (the default with samples)")
      ->check(CLI::IsMember({"nearest", "compensated"}));
}

void AddBiasCorrection(CLI::App& app, const std::function<void(bool)>& set) {
  app.add_flag_function(
      "--bias-correction,!--no-bias-correction", [set](std::int64_t count) { set(count > 0); },
      "move biases so that layers keep their mean outputs (the default with samples and no plan)");
}

void AddEffort(CLI::App& app, std::string& effort, std::vector<std::string>& without) {
  app.add_option("--effort", effort,
                 "fast | standard | best: which methods repair the network (docs/methods.md)");
  app.add_option("--without", without, "a method to leave out; may be repeated");
}

Expected<std::vector<const Method*>> ReadMethods(const std::string& effort,
                                                 const std::vector<std::string>& without,
                                                 WeightRounding rounding) {
  BW_ASSIGN(const Effort least, EffortNamed(effort));
  BW_ASSIGN(std::vector<const Method*> methods, MethodsFor(least, without));
  if (rounding == WeightRounding::kNearest)
    std::erase_if(methods, [](const Method* method) { return method->stage == Stage::kRounding; });
  return methods;
}

void AddRun(CLI::App& app, RunOptions& options) {
  app.add_option("--threads", options.threads, "0: all cores; results do not depend on it")
      ->check(CLI::Range(0, 1024));
  app.add_option("--seed", options.seed, "of splits and samples")->check(CLI::NonNegativeNumber);
  app.add_option_function<std::string>(
         "--memory", [](const std::string& text) { SetMemoryBound(*ParseBytes(text)); },
         "at most so much memory, e.g. 500m, 2g; by default half of the machine's")
      ->check([](const std::string& text) {
        const Expected<std::size_t> bytes = ParseBytes(text);
        return bytes ? "" : bytes.error().message;
      });
  app.add_flag("--json", options.json, "print the result as JSON");
}

Expected<Preprocess> ReadPreprocess(const DataOptions& options) {
  Json json = Json::object();
  std::string where = "preprocessing flags";
  if (!options.preprocess_file.empty()) {
    where = options.preprocess_file;
    BW_ASSIGN(const std::string text, ReadFile(where));
    json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return Fail("{}: is no JSON object; see examples/preprocess/", where);
  }
  BW_ASSIGN(json, Merge(std::move(json), options));
  return Preprocess::FromJson(json.dump(), where);
}

Expected<Dataset> OpenData(const DataOptions& options, const std::string& path,
                           const std::string& labels) {
  BW_ASSIGN(const Preprocess preprocess, ReadPreprocess(options));
  BW_ASSIGN(const Dataset data, Dataset::Open(path, labels, preprocess));
  return options.limit == 0 ? data : data.First(options.limit);
}

Expected<void> CheckScaleMethod(const std::string& text) {
  const Expected<void> known = CheckMethodName(text);
  if (!known) return FailUsage("--scale-method: {}", known.error().message);
  return {};
}

Expected<Graph> ImportNetwork(const std::string& path) {
  return IsTfliteFile(path) ? ImportTflite(path) : ImportOnnx(path);
}

Expected<Graph> LoadNetwork(const std::string& path) {
  BW_ASSIGN(Graph graph, ImportNetwork(path));
  if (const Expected<void> done = RunPasses(graph); !done) return Context(path, done.error());
  return graph;
}

}  // namespace bw
