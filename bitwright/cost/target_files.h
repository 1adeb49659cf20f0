#pragma once
// The files of cost/targets/, as they were when the program was built.

#include <span>
#include <string_view>

namespace bw::target_files {

struct EmbeddedFile {
  std::string_view name;  // "dybit-zcu102.json"
  std::string_view text;
};
std::span<const EmbeddedFile> All();  // in file-name order

}  // namespace bw::target_files
