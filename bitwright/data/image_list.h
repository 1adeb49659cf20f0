#pragma once
// Which images a folder or archive holds, in which order, with which labels.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bitwright/base/error.h"
#include "bitwright/data/labels.h"

namespace bw {

// Images by index into the names that were given, and their labels (empty: none).
struct ImageOrder {
  std::vector<std::size_t> images;
  std::vector<std::int64_t> labels;
};

// True for .jpg, .jpeg and .png in any case.
bool HasImageName(std::string_view name);

// In the list's order; `where` is the list, `folder` what its names are relative to ("" or "a/b/";
// the names from the root are taken too). Fails on a name that is not there or there twice, and on
// an image that is not named.
Expected<ImageOrder> OrderByList(const std::vector<std::string>& names,
                                 const std::vector<NamedLabel>& list, const std::string& folder,
                                 const std::string& where);

// By name. Where all images are in subfolders of their common folder, and in more than one, a
// subfolder is a class: its name is the label if all those names are integers, else its rank among
// the sorted names.
ImageOrder OrderByName(const std::vector<std::string>& names);

// The longest folder that all names are in, with its slash; "" when there is none.
std::string CommonFolder(const std::vector<std::string>& names);

}  // namespace bw
