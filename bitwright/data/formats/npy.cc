// NumPy arrays [N, ...]: .npy with labels in a file of their own, or .npz with both.

#include "bitwright/data/npy.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "bitwright/data/archive.h"
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

bool IsOneOf(const std::string& name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<std::string_view, 2> kSampleNames = {"x.npy", "data.npy"};
constexpr std::array<std::string_view, 2> kLabelNames = {"y.npy", "labels.npy"};

Expected<NpyArray> OpenMember(const std::string& path, const ArchiveMember& member) {
  BW_ASSIGN(std::string bytes, ReadMember(member));
  return NpyArray::Open(
      ByteSource::FromMemory(std::move(bytes), fmt::format("{}: '{}'", path, member.name)));
}

// The array named x or data, else the first that is not the labels.
Expected<NpyArray> SamplesOf(const std::string& path, const std::vector<ArchiveMember>& members) {
  auto found = std::find_if(members.begin(), members.end(), [](const ArchiveMember& member) {
    return IsOneOf(member.name, kSampleNames);
  });
  if (found == members.end()) {
    found = std::find_if(members.begin(), members.end(), [](const ArchiveMember& member) {
      return !IsOneOf(member.name, kLabelNames);
    });
  }
  if (found == members.end()) {
    return Fail("{}: no samples in it, {} arrays, an array such as 'x' or 'data' is needed", path,
                members.size());
  }
  return OpenMember(path, *found);
}

Expected<std::unique_ptr<SampleSource>> OpenNpz(const std::string& path,
                                                std::vector<std::int64_t> labels) {
  BW_ASSIGN(const auto members,
            ListArchive(path, [](std::string_view name) { return name.ends_with(".npy"); }));
  BW_ASSIGN(NpyArray array, SamplesOf(path, members));
  const auto own = std::find_if(members.begin(), members.end(), [](const ArchiveMember& member) {
    return IsOneOf(member.name, kLabelNames);
  });
  if (labels.empty() && own != members.end()) {
    BW_ASSIGN(const NpyArray label_array, OpenMember(path, *own));
    BW_ASSIGN(labels, label_array.ReadIntegers());
  }
  return std::make_unique<NpySource>(std::move(array), std::move(labels));
}

bool Accepts(const std::string& path) { return path.ends_with(".npy") || path.ends_with(".npz"); }

Expected<std::unique_ptr<SampleSource>> Open(const std::string& path,
                                             const std::string& labels_path) {
  std::vector<std::int64_t> labels;
  if (!labels_path.empty()) {
    BW_ASSIGN(labels, ReadLabels(labels_path));
  }
  if (path.ends_with(".npz")) return OpenNpz(path, std::move(labels));
  BW_ASSIGN(ByteSource bytes, ByteSource::OpenFile(path));
  BW_ASSIGN(NpyArray array, NpyArray::Open(std::move(bytes)));
  return std::make_unique<NpySource>(std::move(array), std::move(labels));
}

}  // namespace

BW_ENTRY(DataFormat, npy) = {
    .name = "npy",
    .summary = "NumPy array [N, ...]: .npy with labels in another file, or .npz with x and y",
    .accepts = Accepts,
    .open = Open,
    .free_layout = true};

}  // namespace bw::data_formats
