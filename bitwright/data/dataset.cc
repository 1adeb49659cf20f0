#include "bitwright/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <utility>

#include "bitwright/base/parallel.h"
#include "bitwright/data/preprocess.h"

namespace bw {
namespace {

std::string KnownFormats() {
  std::string text;
  for (const DataFormat* format : data_formats::All()) {
    text += fmt::format("{}{}", text.empty() ? "" : "; ", format->summary);
  }
  return text;
}

Expected<const DataFormat*> FindFormat(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return Fail("{}: no such file or folder, one of these is needed: {}", path, KnownFormats());
  }
  for (const DataFormat* format : data_formats::All()) {
    if (format->accepts(path)) return format;
  }
  return Fail("{}: unknown kind of data, by its name and first bytes, one of these is needed: {}",
              path, KnownFormats());
}

Expected<void> CheckLabels(const SampleSource& source, const std::string& where) {
  const std::span<const std::int64_t> labels = source.labels();
  if (labels.empty()) return {};
  if (labels.size() != source.size()) {
    return Fail("{}: labels do not match the samples, {} labels, {} are needed", where,
                labels.size(), source.size());
  }
  const auto negative =
      std::find_if(labels.begin(), labels.end(), [](std::int64_t label) { return label < 0; });
  if (negative != labels.end()) {
    return Fail("{}: sample {} has label {}, 0 or more is allowed", where,
                negative - labels.begin(), *negative);
  }
  return {};
}

// Fixes what stored_layout means for this format: its own word counts for arrays alone.
void SettleLayout(const DataFormat& format, Preprocess& preprocess) {
  if (!format.free_layout) preprocess.stored_layout = "nchw";
  if (preprocess.stored_layout.empty()) preprocess.stored_layout = preprocess.layout;
}

Expected<void> CheckFinite(std::span<const float> values, std::size_t sample,
                           const std::string& where) {
  const auto bad =
      std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (bad == values.end()) return {};
  return Fail("{}: sample {} has {} at element {}, only finite numbers are allowed", where, sample,
              std::isnan(*bad) ? "NaN" : "infinity", bad - values.begin());
}

// Rows in memory.
class RowSource : public SampleSource {
 public:
  explicit RowSource(Tensor rows) : rows_(std::move(rows)) {}
  std::size_t size() const override { return static_cast<std::size_t>(rows_.shape()[0]); }
  Expected<Tensor> Read(std::size_t index) const override {
    Tensor row(DType::kFloat32, Shape(rows_.shape().begin() + 1, rows_.shape().end()));
    const std::span<float> to = row.span<float>();
    const std::span<const float> from = rows_.span<float>();
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(index * to.size()), to.size(),
                to.begin());
    return row;
  }
  std::span<const std::int64_t> labels() const override { return {}; }

 private:
  Tensor rows_;
};

}  // namespace

Dataset Dataset::FromRows(Tensor rows) {
  BW_CHECK(rows.dtype() == DType::kFloat32 && !rows.shape().empty() && rows.shape()[0] > 0);
  Dataset data;
  data.row_shape_ = Shape(rows.shape().begin() + 1, rows.shape().end());
  data.indices_.resize(static_cast<std::size_t>(rows.shape()[0]));
  std::iota(data.indices_.begin(), data.indices_.end(), std::size_t{0});
  data.source_ = std::make_shared<RowSource>(std::move(rows));
  data.preprocess_.stored_layout = data.preprocess_.layout;
  data.origin_ = "rows in memory";
  return data;
}

Expected<Dataset> Dataset::Open(const std::string& path, const std::string& labels_path,
                                Preprocess preprocess) {
  BW_TRY(CheckPreprocess(preprocess, "preprocessing"));
  BW_ASSIGN(const DataFormat* const format, FindFormat(path));
  SettleLayout(*format, preprocess);
  BW_ASSIGN(std::shared_ptr<const SampleSource> source, format->open(path, labels_path));
  if (source->size() == 0) return Fail("{}: empty data set, 0 samples, at least 1 is needed", path);
  BW_TRY(CheckLabels(*source, labels_path.empty() ? path : labels_path));
  BW_ASSIGN(const Tensor first, source->Read(0));
  auto plan = PlanRows(first.type(), preprocess);
  if (!plan) return Context(path, std::move(plan).error());

  Dataset data;
  data.labels_.assign(source->labels().begin(), source->labels().end());
  data.indices_.resize(source->size());
  for (std::size_t i = 0; i < data.indices_.size(); ++i) data.indices_[i] = i;
  data.source_ = std::move(source);
  data.preprocess_ = std::move(preprocess);
  data.rows_per_sample_ = plan->rows;
  data.row_shape_ = plan->row_shape;
  data.origin_ = labels_path.empty() ? path : fmt::format("{} (labels {})", path, labels_path);
  return data;
}

std::int64_t Dataset::classes() const {
  return labels_.empty() ? 0 : *std::max_element(labels_.begin(), labels_.end()) + 1;
}

Expected<Tensor> Dataset::Batch(std::size_t first, std::size_t count) const {
  BW_CHECK(first <= size() && count <= size() - first);
  Shape shape = row_shape_;
  shape.insert(shape.begin(), static_cast<std::int64_t>(count) * rows_per_sample_);
  Tensor batch(DType::kFloat32, shape);
  const std::span<float> out = batch.span<float>();
  const std::size_t each = count == 0 ? 0 : out.size() / count;
  const auto read_one = [&](std::size_t i) -> Expected<void> {
    const std::size_t index = indices_[first + i];
    const std::span<float> slot = out.subspan(i * each, each);
    BW_ASSIGN(const Tensor sample, source_->Read(index));
    const auto plan = PlanRows(sample.type(), preprocess_);
    if (!plan || plan->rows != rows_per_sample_ || plan->row_shape != row_shape_) {
      return Fail(
          "{}: sample {} of shape {} does not become {} as the first one does, all must; use "
          "resize and "
          "center_crop",
          origin_, index, ShapeText(sample.shape()), ShapeText(row_shape_));
    }
    TransformSample(sample, preprocess_, slot);
    return CheckFinite(slot, index, origin_);
  };
  std::vector<Expected<void>> results(count);
  ParallelFor(count, 0, [&](std::size_t i, int) { results[i] = read_one(i); });
  for (const Expected<void>& result : results) BW_TRY(result);
  return batch;
}

Dataset Dataset::First(std::size_t count) const {
  std::vector<std::size_t> positions(std::min(count, size()));
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  return Select(positions);
}

Dataset Dataset::Select(std::span<const std::size_t> positions) const {
  Dataset part = *this;
  part.indices_.clear();
  part.labels_.clear();
  for (const std::size_t position : positions) {
    BW_CHECK(position < size());
    part.indices_.push_back(indices_[position]);
    if (has_labels()) part.labels_.push_back(labels_[position]);
  }
  return part;
}

}  // namespace bw
