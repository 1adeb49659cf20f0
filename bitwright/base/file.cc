#include "bitwright/base/file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace bw {
namespace fs = std::filesystem;

Expected<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return Fail("{}: is a folder, a file is needed", path);
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail("{}: cannot be read: {}", path, std::strerror(errno));
  std::ostringstream contents;
  contents << in.rdbuf();
  if (in.bad()) return Fail("{}: read error: {}", path, std::strerror(errno));
  return std::move(contents).str();
}

Expected<void> WriteFile(const std::string& path, std::string_view contents) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  std::error_code error;
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out.write(contents.data(), static_cast<std::streamsize>(contents.size()));
    out.flush();
    if (!out) {
      const int code = errno;
      fs::remove(temporary, error);
      return Fail("{}: cannot be written: {}", path, std::strerror(code));
    }
  }
  fs::rename(temporary, path, error);
  if (error) {
    const std::string reason = error.message();
    fs::remove(temporary, error);
    return Fail("{}: cannot be written: {}", path, reason);
  }
  return {};
}

Expected<void> MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    return Fail("{}: cannot make the folder: {}; name another with -o", path, error.message());
  const std::string probe = fmt::format("{}/.probe.{}.tmp", path, ::getpid());
  BW_TRY(WriteFile(probe, ""));
  fs::remove(probe, error);
  return {};
}

}  // namespace bw
