// MNIST's idx images, plain or gzip; labels in the sibling file of idx1.

#include "bitwright/data/idx.h"

#include <filesystem>
#include <utility>

#include "bitwright/data/dataset.h"
#include "bitwright/data/labels.h"

namespace bw::data_formats {
namespace {

class IdxSource final : public SampleSource {
 public:
  IdxSource(IdxArray images, std::vector<std::int64_t> labels)
      : images_(std::move(images)), labels_(std::move(labels)) {}
  std::size_t size() const override { return static_cast<std::size_t>(images_.shape[0]); }
  std::span<const std::int64_t> labels() const override { return labels_; }
  Expected<Tensor> Read(std::size_t index) const override {
    Tensor image(DType::kUint8, {1, images_.shape[1], images_.shape[2]});
    BW_TRY(images_.bytes.Read(images_.data_offset + index * image.bytes(),
                              image.span<std::uint8_t>()));
    return image;
  }

 private:
  IdxArray images_;
  std::vector<std::int64_t> labels_;
};

// t10k-images-idx3-ubyte.gz -> t10k-labels-idx1-ubyte.gz; empty when there is no such file.
std::string SiblingLabels(const std::string& path) {
  constexpr std::string_view kImages = "images-idx3";
  const std::size_t at = path.rfind(kImages);
  if (at == std::string::npos) return "";
  std::string sibling = path;
  sibling.replace(at, kImages.size(), "labels-idx1");
  std::error_code error;
  return std::filesystem::exists(sibling, error) ? sibling : "";
}

bool Accepts(const std::string& path) { return LooksLikeIdx(path); }

Expected<std::unique_ptr<SampleSource>> Open(const std::string& path,
                                             const std::string& labels_path) {
  BW_ASSIGN(IdxArray images, OpenIdx(path, 3));
  const std::string from = labels_path.empty() ? SiblingLabels(path) : labels_path;
  std::vector<std::int64_t> labels;
  if (!from.empty()) {
    BW_ASSIGN(labels, ReadLabels(from));
    if (labels.size() != static_cast<std::size_t>(images.shape[0])) {
      return Fail("{}: labels do not match the samples, {} labels, {} are needed", from,
                  labels.size(), images.shape[0]);
    }
  }
  return std::make_unique<IdxSource>(std::move(images), std::move(labels));
}

}  // namespace

BW_ENTRY(DataFormat, idx) = {
    .name = "idx",
    .summary = "MNIST idx3 images (.gz too), labels in the sibling idx1 file",
    .accepts = Accepts,
    .open = Open,
    .free_layout = false};

}  // namespace bw::data_formats
