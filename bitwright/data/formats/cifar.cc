// CIFAR-10 binary (cs.toronto.edu/~kriz/cifar.html): records of one label byte and 3072 bytes
// [3,32,32] RGB.

#include <utility>

#include "bitwright/data/byte_source.h"
#include "bitwright/data/dataset.h"
#include "bitwright/data/labels.h"

namespace bw::data_formats {
namespace {

constexpr std::size_t kImage = 3 * 32 * 32;
constexpr std::size_t kRecord = 1 + kImage;
constexpr int kClasses = 10;

class CifarSource final : public SampleSource {
 public:
  CifarSource(ByteSource bytes, std::vector<std::int64_t> labels)
      : bytes_(std::move(bytes)), labels_(std::move(labels)) {}
  std::size_t size() const override { return bytes_.size() / kRecord; }
  std::span<const std::int64_t> labels() const override { return labels_; }
  Expected<Tensor> Read(std::size_t index) const override {
    Tensor image(DType::kUint8, {3, 32, 32});
    BW_TRY(bytes_.Read(index * kRecord + 1, image.span<std::uint8_t>()));
    return image;
  }

 private:
  ByteSource bytes_;
  std::vector<std::int64_t> labels_;
};

Expected<std::vector<std::int64_t>> OwnLabels(const ByteSource& bytes) {
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < bytes.size() / kRecord; ++i) {
    std::uint8_t label = 0;
    BW_TRY(bytes.Read(i * kRecord, std::span(&label, 1)));
    if (label >= kClasses) {
      return Fail("{}: not CIFAR-10, image {} has label {}, labels are 0 to {}", bytes.name(), i,
                  label, kClasses - 1);
    }
    labels.push_back(label);
  }
  return labels;
}

bool Accepts(const std::string& path) { return path.ends_with(".bin"); }

Expected<std::unique_ptr<SampleSource>> Open(const std::string& path,
                                             const std::string& labels_path) {
  BW_ASSIGN(ByteSource bytes, ByteSource::OpenFile(path));
  if (bytes.size() % kRecord != 0) {
    return Fail("{}: not whole CIFAR-10 records, {} bytes, a multiple of {} is needed", path,
                bytes.size(), kRecord);
  }
  BW_ASSIGN(std::vector<std::int64_t> labels,
            labels_path.empty() ? OwnLabels(bytes) : ReadLabels(labels_path));
  return std::make_unique<CifarSource>(std::move(bytes), std::move(labels));
}

}  // namespace

BW_ENTRY(DataFormat, cifar) = {
    .name = "cifar",
    .summary = "CIFAR-10 binary: <name>.bin, one label byte and 3072 bytes an image",
    .accepts = Accepts,
    .open = Open,
    .free_layout = false};

}  // namespace bw::data_formats
