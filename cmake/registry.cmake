# bw_registry(TARGET <target> FOLDER <dir> TYPE <C++ type> HEADER <header> NAMESPACE <bw::ns>)
#
# The folder is the registry: every <dir>/<name>.cc (tests aside) must define BW_ENTRY(<type>, <name>) in <NAMESPACE>.
# Generates a constant table behind `std::span<const T* const> NAMESPACE::All()`, in file-name order. A file without
# its entry is a link error that names the symbol; nothing runs before main and static libraries drop nothing.
function(bw_registry)
  cmake_parse_arguments(R "" "TARGET;FOLDER;TYPE;HEADER;NAMESPACE" "" ${ARGN})
  file(GLOB files CONFIGURE_DEPENDS ${R_FOLDER}/*.cc)
  list(FILTER files EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")
  list(SORT files)
  set(declarations "")
  set(rows "")
  foreach(file ${files})
    get_filename_component(name ${file} NAME_WE)
    string(APPEND declarations "extern const ${R_TYPE} entry_${name};\n")
    string(APPEND rows "    &entry_${name},\n")
  endforeach()
  string(REPLACE "::" "_" stem ${R_NAMESPACE})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/registry/${stem}.cc)
  file(CONFIGURE OUTPUT ${out} CONTENT
"#include \"${R_HEADER}\"

namespace ${R_NAMESPACE} {
${declarations}
namespace {
constinit const ${R_TYPE}* const kTable[] = {
${rows}};
}  // namespace
std::span<const ${R_TYPE}* const> All() { return kTable; }
}  // namespace ${R_NAMESPACE}
" @ONLY)
  target_sources(${R_TARGET} PRIVATE ${out})
endfunction()
