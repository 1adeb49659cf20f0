#include "bitwright/onnx/external_data.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "bitwright/base/text.h"

namespace bw {
namespace {
namespace fs = std::filesystem;

struct Location {
  std::string path;
  std::int64_t offset = 0;
  std::int64_t length = -1;  // -1: not given
};

Expected<Location> ParseEntries(const onnx::TensorProto& proto) {
  Location location;
  for (const onnx::StringStringEntryProto& entry : proto.external_data()) {
    if (entry.key() == "location") location.path = entry.value();
    if (entry.key() != "offset" && entry.key() != "length") continue;
    std::int64_t& field = entry.key() == "offset" ? location.offset : location.length;
    if (!ParseInt(entry.value(), field) || field < 0) {
      return Fail("external data: {} is '{}', a number of bytes is needed", entry.key(),
                  entry.value());
    }
  }
  if (location.path.empty()) return Fail("external data: names no file, 'location' is needed");
  return location;
}

// Components, not text: '..' may stand anywhere, and a link may lead out as well.
bool Leaves(const fs::path& folder, const fs::path& relative) {
  if (relative.is_absolute()) return true;
  if (std::find(relative.begin(), relative.end(), "..") != relative.end()) return true;
  std::error_code error;
  const fs::path base = fs::weakly_canonical(folder, error);
  const fs::path full = fs::weakly_canonical(folder / relative, error);
  const auto [end, unused] = std::mismatch(base.begin(), base.end(), full.begin(), full.end());
  return end != base.end();
}

Expected<std::string> ReadPart(const fs::path& path, const Location& location,
                               std::int64_t needed) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return Fail("external data '{}': no such file beside the model", location.path);
  }
  const auto size = static_cast<std::int64_t>(fs::file_size(path, error));
  if (error || location.offset > size || needed > size - location.offset) {
    return Fail("external data '{}': the file has {} bytes, {} are needed from offset {}",
                location.path, size, needed, location.offset);
  }
  std::string bytes(static_cast<std::size_t>(needed), '\0');
  std::ifstream in(path, std::ios::binary);
  in.seekg(location.offset);
  in.read(bytes.data(), needed);
  if (!in) return Fail("external data '{}': cannot be read", location.path);
  return bytes;
}

}  // namespace

Expected<std::string> ReadExternalData(const onnx::TensorProto& proto, const std::string& folder,
                                       std::int64_t needed) {
  BW_ASSIGN(const Location location, ParseEntries(proto));
  const fs::path base = folder.empty() ? fs::path(".") : fs::path(folder);
  if (Leaves(base, location.path)) {
    return Fail(
        "external data '{}': lies outside the model's folder, only files in it are read; copy it "
        "there",
        location.path);
  }
  if (location.length >= 0 && location.length != needed) {
    return Fail("external data '{}': length is {} bytes, the extents need {}", location.path,
                location.length, needed);
  }
  return ReadPart(base / location.path, location, needed);
}

}  // namespace bw
