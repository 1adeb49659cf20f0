#pragma once
// A folder of this object alone, removed with all that is in it.

#include <memory>
#include <string>

#include "bitwright/base/error.h"

namespace bw {

class TemporaryFolder {
 public:
  // "<temporary files' place>/<prefix>-XXXXXX"; fails where none can be made.
  static Expected<std::unique_ptr<TemporaryFolder>> Make(const std::string& prefix);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace bw
