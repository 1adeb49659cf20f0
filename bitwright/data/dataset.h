#pragma once
// Labelled or unlabelled samples from files, preprocessed to the network's input, read in any order
// without holding the set in memory.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/base/registry.h"
#include "bitwright/tensor/tensor.h"

namespace bw {

// How a stored sample becomes a network input: value = (stored * scale - mean[c]) / std[c],
// channel-wise; one mean or std stands for all channels. Images: resize the short side (bilinear),
// centre crop, channel order, then layout.
struct Preprocess {
  std::optional<int> resize;       // short side in pixels
  std::optional<int> center_crop;  // square side in pixels
  std::string color = "rgb";       // rgb | bgr: the order the network wants
  double scale = 1;                // e.g. 1/255; the text "1/255" is taken too
  std::vector<double> mean = {0};
  std::vector<double> std = {1};
  std::string layout = "nchw";  // what the network wants: nchw | nhwc
  std::string stored_layout;    // of .npy images: nchw | nhwc; empty: already as `layout` says
  // >0: each sample [T, F] becomes the T-window+1 rows [window*F] of consecutive frames.
  int window = 0;

  // JSON with these names: {"resize": 256, "center_crop": 224, "color": "rgb", "scale": "1/255",
  // "mean": [...], ...}. Unknown names are refused with the nearest one.
  static Expected<Preprocess> FromJson(std::string_view json, const std::string& where);
  std::string ToJson() const;
};

// Where samples come from: one file format each.
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual std::size_t size() const = 0;
  // The stored sample: images as uint8 [C,H,W] in RGB (or gray), arrays as float32 or uint8 in
  // their own shape without the leading sample axis. Thread-safe.
  virtual Expected<Tensor> Read(std::size_t index) const = 0;
  // Class labels by sample; empty when there are none.
  virtual std::span<const std::int64_t> labels() const = 0;
};

// One file format of data sets: one file in data/formats/.
struct DataFormat {
  std::string_view name;
  std::string_view summary;
  bool (*accepts)(const std::string& path);  // by name and first bytes
  Expected<std::unique_ptr<SampleSource>> (*open)(const std::string& path,
                                                  const std::string& labels_path);
  // Samples are arrays in the layout that Preprocess::stored_layout says; else [C,H,W] images.
  bool free_layout = false;
};
namespace data_formats {
std::span<const DataFormat* const> All();
}

// A set of samples: a source, the preprocessing, and which samples in which order. Cheap to copy.
class Dataset {
 public:
  // Finds the format of `path` (a file or a folder); `labels_path` may be empty. Fails on an empty
  // set, on labels whose number differs from the samples', with what was found and what formats
  // there are.
  static Expected<Dataset> Open(const std::string& path, const std::string& labels_path,
                                Preprocess preprocess);

  // Rows in memory along the first axis, one a sample, float32, as they are; no labels.
  static Dataset FromRows(Tensor rows);

  std::size_t size() const { return indices_.size(); }
  bool has_labels() const { return !labels_.empty(); }
  std::int64_t label(std::size_t i) const { return labels_[i]; }
  // Largest label + 1, 0 without labels.
  std::int64_t classes() const;

  // Rows that one sample gives the network: 1, or the number of windows.
  std::int64_t rows_per_sample() const { return rows_per_sample_; }
  // Shape of one row, without the leading batch axis.
  const Shape& row_shape() const { return row_shape_; }

  // Samples [first, first+count) as one float tensor [count * rows_per_sample, row_shape...]. Fails
  // on NaN, infinity or an unreadable sample, naming it. Thread-safe.
  Expected<Tensor> Batch(std::size_t first, std::size_t count) const;

  // The samples at these positions, in this order.
  Dataset First(std::size_t count) const;  // the first `count`, or all
  Dataset Select(std::span<const std::size_t> positions) const;
  // Names the files for the report.
  const std::string& origin() const { return origin_; }

 private:
  std::shared_ptr<const SampleSource> source_;
  Preprocess preprocess_;
  std::vector<std::size_t> indices_;
  std::vector<std::int64_t> labels_;
  std::int64_t rows_per_sample_ = 1;
  Shape row_shape_;
  std::string origin_;
};

// Disjoint random parts of a set, by seed: fractions sum to at most 1. Each part keeps class
// proportions as far as the labels allow (stratified); parts are in random order so that a prefix
// of a part is a random sample of it.
std::vector<Dataset> SplitDataset(const Dataset& data, std::span<const double> fractions,
                                  std::uint64_t seed);

}  // namespace bw
