// A folder or an archive of JPEG and PNG images; labels.txt, a label file, or one subfolder for
// each class.

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "bitwright/base/file.h"
#include "bitwright/data/archive.h"
#include "bitwright/data/dataset.h"
#include "bitwright/data/image_codec.h"
#include "bitwright/data/image_list.h"
#include "bitwright/data/labels.h"

namespace bw::data_formats {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kList = "labels.txt";

bool IsList(std::string_view name) { return name == kList || name.ends_with("/labels.txt"); }

// Images found under `root`, a folder or an archive: names relative to it, and labels.txt nearest
// to it.
struct Collection {
  std::string root;
  std::vector<std::string> names;
  std::vector<ArchiveMember> members;  // in an archive: one for each name
  std::string list_name;               // empty: no labels.txt
  std::string list_text;

  std::string Where(std::size_t image) const { return fmt::format("{}: '{}'", root, names[image]); }
  Expected<std::string> Bytes(std::size_t image) const {
    return members.empty() ? ReadFile(root + "/" + names[image]) : ReadMember(members[image]);
  }
  bool IsNearer(const std::string& list) const {
    const auto depth = [](const std::string& name) {
      return std::count(name.begin(), name.end(), '/');
    };
    return list_name.empty() || depth(list) < depth(list_name);
  }
};

Expected<Collection> CollectFolder(const std::string& path) {
  Collection found;
  found.root = path;
  std::error_code error;
  fs::recursive_directory_iterator file(path, error);
  for (; !error && file != fs::recursive_directory_iterator(); file.increment(error)) {
    std::error_code unreadable;
    if (!file->is_regular_file(unreadable)) continue;
    const std::string name = file->path().lexically_relative(path).generic_string();
    if (HasImageName(name)) found.names.push_back(name);
    if (IsList(name) && found.IsNearer(name)) found.list_name = name;
  }
  if (error)
    return Fail("{}: cannot be listed, {}, a readable folder is needed", path, error.message());
  std::sort(found.names.begin(), found.names.end());
  if (!found.list_name.empty()) {
    BW_ASSIGN(found.list_text, ReadFile(path + "/" + found.list_name));
  }
  return found;
}

Expected<Collection> CollectArchive(const std::string& path) {
  Collection found;
  found.root = path;
  BW_ASSIGN(auto members, ListArchive(path, [](std::string_view name) {
              return HasImageName(name) || IsList(name);
            }));
  for (ArchiveMember& member : members) {
    if (HasImageName(member.name)) {
      found.names.push_back(member.name);
      found.members.push_back(std::move(member));
    } else if (found.IsNearer(member.name)) {
      found.list_name = member.name;
      BW_ASSIGN(found.list_text, ReadMember(member));
    }
  }
  return found;
}

Expected<ImageOrder> OrderOf(const Collection& found, const std::string& labels_path) {
  if (labels_path.empty() && found.list_name.empty()) return OrderByName(found.names);
  const bool is_text = labels_path.empty() || labels_path.ends_with(".txt");
  std::vector<NamedLabel> list;
  std::string where = labels_path;
  std::string folder = CommonFolder(found.names);
  std::string text = found.list_text;
  if (labels_path.empty()) {
    where = found.root + "/" + found.list_name;
    folder = found.list_name.substr(0, found.list_name.size() - kList.size());
  } else if (is_text) {
    BW_ASSIGN(text, ReadFile(labels_path));
  }
  if (is_text) {
    BW_ASSIGN(list, ParseLabelLines(text, where));
    if (!list.empty() && !list[0].name.empty())
      return OrderByList(found.names, list, folder, where);
  }
  ImageOrder order = OrderByName(found.names);
  order.labels.clear();
  for (const NamedLabel& line : list) order.labels.push_back(line.label);
  if (!is_text) {
    BW_ASSIGN(order.labels, ReadLabels(labels_path));
  }
  if (order.labels.size() == found.names.size()) return order;
  return Fail("{}: labels do not match the samples, {} labels, {} are needed", where,
              order.labels.size(), found.names.size());
}

// All images in color if one is: looks until the first that is; what cannot be read counts as gray
// here.
int ChannelsOf(const Collection& found) {
  for (std::size_t i = 0; i < found.names.size(); ++i) {
    const auto bytes = found.Bytes(i);
    if (bytes && ImageChannels(*bytes, "").value_or(1) == 3) return 3;
  }
  return 1;
}

class ImageSource final : public SampleSource {
 public:
  ImageSource(Collection found, ImageOrder order)
      : found_(std::move(found)), order_(std::move(order)), channels_(ChannelsOf(found_)) {}
  std::size_t size() const override { return order_.images.size(); }
  std::span<const std::int64_t> labels() const override { return order_.labels; }
  Expected<Tensor> Read(std::size_t index) const override {
    const std::size_t image = order_.images[index];
    BW_ASSIGN(const std::string bytes, found_.Bytes(image));
    return DecodeImage(bytes, channels_, found_.Where(image));
  }

 private:
  Collection found_;
  ImageOrder order_;
  int channels_;
};

bool Accepts(const std::string& path) {
  constexpr std::array<std::string_view, 8> kEndings = {".tar", ".tar.gz",  ".tgz",     ".tar.xz",
                                                        ".txz", ".tar.bz2", ".tar.zst", ".zip"};
  std::error_code error;
  return fs::is_directory(path, error) ||
         std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

Expected<std::unique_ptr<SampleSource>> Open(const std::string& path,
                                             const std::string& labels_path) {
  std::error_code error;
  BW_ASSIGN(Collection found,
            fs::is_directory(path, error) ? CollectFolder(path) : CollectArchive(path));
  if (found.names.empty()) {
    return Fail("{}: empty data set, no image in it, .jpg, .jpeg or .png files are needed", path);
  }
  BW_ASSIGN(ImageOrder order, OrderOf(found, labels_path));
  return std::make_unique<ImageSource>(std::move(found), std::move(order));
}

}  // namespace

BW_ENTRY(DataFormat, images) = {
    .name = "images",
    .summary =
        "JPEG and PNG in a folder, .tar(.gz|.xz|.bz2|.zst) or .zip with labels.txt "
        "(name label) or a subfolder for each class",
    .accepts = Accepts,
    .open = Open,
    .free_layout = false};

}  // namespace bw::data_formats
