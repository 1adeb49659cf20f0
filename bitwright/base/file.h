#pragma once
// Whole files in and out. Writing goes to a temporary name and is renamed, so nothing half-written
// is ever seen.

#include <string>
#include <string_view>

#include "bitwright/base/error.h"

namespace bw {

// The whole file; fails on a missing file, a folder, or a read error.
Expected<std::string> ReadFile(const std::string& path);

// Replaces or creates the file in one step; on failure nothing of it remains.
Expected<void> WriteFile(const std::string& path, std::string_view contents);

// Makes the folder (and its parents) and proves that a file can be written in it. Temporary files
// that killed programs left in it go.
Expected<void> MakeFolder(const std::string& path);

}  // namespace bw
