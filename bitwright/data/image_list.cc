#include "bitwright/data/image_list.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <set>

#include "bitwright/base/text.h"

namespace bw {
namespace {

// The subfolder of each name below `folder`; empty when an image is in `folder` itself.
std::vector<std::string> Subfolders(const std::vector<std::string>& names,
                                    const std::string& folder) {
  std::vector<std::string> subfolders;
  for (const std::string& name : names) {
    const std::size_t slash = name.find('/', folder.size());
    if (slash == std::string::npos) return {};
    subfolders.push_back(name.substr(folder.size(), slash - folder.size()));
  }
  return subfolders;
}

std::map<std::string, std::int64_t> LabelsOf(const std::set<std::string>& classes) {
  std::map<std::string, std::int64_t> labels;
  std::int64_t value = 0;
  const bool integers = std::all_of(classes.begin(), classes.end(), [&](const std::string& name) {
    return ParseInt(name, value) && value >= 0;
  });
  for (const std::string& name : classes) {
    value = static_cast<std::int64_t>(labels.size());
    if (integers) ParseInt(name, value);
    labels[name] = value;
  }
  return labels;
}

}  // namespace

bool HasImageName(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower.ends_with(".jpg") || lower.ends_with(".jpeg") || lower.ends_with(".png");
}

Expected<ImageOrder> OrderByList(const std::vector<std::string>& names,
                                 const std::vector<NamedLabel>& list, const std::string& folder,
                                 const std::string& where) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < names.size(); ++i) index[names[i]] = i;
  std::vector<bool> used(names.size(), false);
  ImageOrder order;
  for (const NamedLabel& line : list) {
    auto found = index.find(folder + line.name);
    if (found == index.end()) found = index.find(line.name);
    if (found == index.end()) {
      return Fail("{}: names '{}', no such image, one of the {} images is needed", where, line.name,
                  names.size());
    }
    if (used[found->second])
      return Fail("{}: names '{}' twice, each image may be named once", where, line.name);
    used[found->second] = true;
    order.images.push_back(found->second);
    order.labels.push_back(line.label);
  }
  const auto missing = std::find(used.begin(), used.end(), false);
  if (missing != used.end()) {
    return Fail(
        "{}: labels do not match the samples, {} labels, {} are needed; the first without one is "
        "'{}'",
        where, list.size(), names.size(), names[static_cast<std::size_t>(missing - used.begin())]);
  }
  return order;
}

ImageOrder OrderByName(const std::vector<std::string>& names) {
  ImageOrder order;
  order.images.resize(names.size());
  std::iota(order.images.begin(), order.images.end(), std::size_t{0});
  std::stable_sort(order.images.begin(), order.images.end(),
                   [&](std::size_t a, std::size_t b) { return names[a] < names[b]; });
  const std::vector<std::string> subfolders = Subfolders(names, CommonFolder(names));
  const auto labels = LabelsOf(std::set<std::string>(subfolders.begin(), subfolders.end()));
  if (labels.size() < 2) return order;
  for (const std::size_t image : order.images) order.labels.push_back(labels.at(subfolders[image]));
  return order;
}

std::string CommonFolder(const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string folder = names[0].substr(0, names[0].rfind('/') + 1);
  for (const std::string& name : names) {
    while (!name.starts_with(folder)) folder.resize(folder.rfind('/', folder.size() - 2) + 1);
  }
  return folder;
}

}  // namespace bw
