#include "bitwright/base/temporary_folder.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace bw {
namespace fs = std::filesystem;

Expected<std::unique_ptr<TemporaryFolder>> TemporaryFolder::Make(const std::string& prefix) {
  std::error_code error;
  std::string path = (fs::temp_directory_path(error) / (prefix + "-XXXXXX")).string();
  if (error || ::mkdtemp(path.data()) == nullptr)
    return Fail("{}: no folder for temporary files can be made there; set TMPDIR", path);
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace bw
