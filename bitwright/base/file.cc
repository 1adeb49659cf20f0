#include "bitwright/base/file.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <system_error>
#include <vector>

#include "bitwright/base/text.h"

namespace bw {
namespace fs = std::filesystem;

namespace {

// Of "<name>.<process>.tmp", as WriteFile makes it; 0 of other names.
pid_t WriterOf(const std::string& name) {
  constexpr std::string_view kEnd = ".tmp";
  if (!name.ends_with(kEnd)) return 0;
  const std::string stem = name.substr(0, name.size() - kEnd.size());
  std::int64_t process = 0;
  const bool numbered = ParseInt(stem.substr(stem.rfind('.') + 1), process);
  return numbered && process > 0 && process <= std::numeric_limits<pid_t>::max()
             ? static_cast<pid_t>(process)
             : 0;
}

void RemoveLeftovers(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const pid_t writer = WriterOf(entry.path().filename().string());
    if (writer > 0 && ::kill(writer, 0) != 0 && errno == ESRCH) leftovers.push_back(entry.path());
  }
  for (const fs::path& path : leftovers) fs::remove(path, error);
}

}  // namespace

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
  RemoveLeftovers(path);
  return {};
}

}  // namespace bw
