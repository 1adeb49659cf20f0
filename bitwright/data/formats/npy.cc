// NumPy arrays [N, ...]: .npy, labels in a file of their own.

#include "bitwright/data/npy.h"

#include <utility>

#include "bitwright/data/byte_source.h"
#include "bitwright/data/dataset.h"
#include "bitwright/data/labels.h"

namespace bw::data_formats {
namespace {

class NpySource final : public SampleSource {
 public:
  NpySource(NpyArray array, std::vector<std::int64_t> labels)
      : array_(std::move(array)), labels_(std::move(labels)) {}
  std::size_t size() const override { return array_.rows(); }
  std::span<const std::int64_t> labels() const override { return labels_; }
  Expected<Tensor> Read(std::size_t index) const override { return array_.ReadRow(index); }

 private:
  NpyArray array_;
  std::vector<std::int64_t> labels_;
};

bool Accepts(const std::string& path) { return path.ends_with(".npy"); }

Expected<std::unique_ptr<SampleSource>> Open(const std::string& path,
                                             const std::string& labels_path) {
  std::vector<std::int64_t> labels;
  if (!labels_path.empty()) {
    BW_ASSIGN(labels, ReadLabels(labels_path));
  }
  BW_ASSIGN(ByteSource bytes, ByteSource::OpenFile(path));
  BW_ASSIGN(NpyArray array, NpyArray::Open(std::move(bytes)));
  return std::make_unique<NpySource>(std::move(array), std::move(labels));
}

}  // namespace

BW_ENTRY(DataFormat, npy) = {.name = "npy",
                             .summary = "NumPy array [N, ...]: <name>.npy, labels in another .npy",
                             .accepts = Accepts,
                             .open = Open,
                             .free_layout = true};

}  // namespace bw::data_formats
