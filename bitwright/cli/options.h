#pragma once
// Options that several commands share, and the objects they name.

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bitwright/data/dataset.h"
#include "bitwright/data/metric.h"
#include "bitwright/graph/graph.h"
#include "bitwright/quant/method.h"
#include "bitwright/quant/plan.h"

namespace bw {

// --data and its kin.
struct DataOptions {
  std::string data, labels, preprocess_file;
  std::vector<std::string> preprocess_flags;  // filled from the single flags, as JSON members
  std::string metric;
  std::size_t limit = 0;  // 0: all samples

  int resize = 0, center_crop = 0, window = 0;
  std::string color, scale, mean, std, layout, stored_layout;
};

// --threads, --seed, --json; and --memory, which binds the process at once.
struct RunOptions {
  int threads = 0;
  std::uint64_t seed = 1;
  bool json = false;
};

void AddModel(CLI::App& app, std::string& path);
// `required`: the command does nothing without data.
void AddData(CLI::App& app, DataOptions& options, bool required);
// --scale-method for weights, --activation-scale-method for activations.
void AddScaleMethods(CLI::App& app, std::string& weights, std::string& activations);
// --rounding nearest | compensated.
void AddRounding(CLI::App& app, const std::function<void(WeightRounding)>& set);
// --effort, --without.
void AddEffort(CLI::App& app, std::string& effort, std::vector<std::string>& without);
// Methods of that effort; of those that decide roundings none where `rounding` is nearest.
Expected<std::vector<const Method*>> ReadMethods(const std::string& effort,
                                                 const std::vector<std::string>& without,
                                                 WeightRounding rounding);
// --bias-correction, --no-bias-correction.
void AddBiasCorrection(CLI::App& app, const std::function<void(bool)>& set);
void AddRun(CLI::App& app, RunOptions& options);

// The file's preprocessing with the flags laid over it.
Expected<Preprocess> ReadPreprocess(const DataOptions& options);
Expected<Dataset> OpenData(const DataOptions& options, const std::string& path,
                           const std::string& labels);

// Refuses a --scale-method that is none.
Expected<void> CheckScaleMethod(const std::string& text);

// An ONNX or a TensorFlow Lite file.
Expected<Graph> ImportNetwork(const std::string& path);

// Imports, and folds what can be folded.
Expected<Graph> LoadNetwork(const std::string& path);

}  // namespace bw
