# bw_embed(TARGET <target> FOLDER <dir> EXTENSION <ext> HEADER <header> NAMESPACE <bw::ns>)
#
# Makes every <dir>/*.<ext> part of the program: a constant table behind `std::span<const EmbeddedFile> NAMESPACE::All()`,
# in file-name order. A changed file builds the table anew. The files are text without `)embedded"`, of at most 60 KB.
function(bw_embed)
  cmake_parse_arguments(E "" "TARGET;FOLDER;EXTENSION;HEADER;NAMESPACE" "" ${ARGN})
  file(GLOB files CONFIGURE_DEPENDS ${E_FOLDER}/*.${E_EXTENSION})
  list(SORT files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  set(rows "")
  foreach(file ${files})
    get_filename_component(name ${file} NAME)
    file(READ ${file} text)
    string(APPEND rows "    {\"${name}\", R\"embedded(${text})embedded\"},\n")
  endforeach()
  string(REPLACE "::" "_" stem ${E_NAMESPACE})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/registry/${stem}.cc)
  file(CONFIGURE OUTPUT ${out} CONTENT
"#include \"${E_HEADER}\"

namespace ${E_NAMESPACE} {
namespace {
constexpr EmbeddedFile kFiles[] = {
@rows@};
}  // namespace
std::span<const EmbeddedFile> All() { return kFiles; }
}  // namespace ${E_NAMESPACE}
" @ONLY)
  target_sources(${E_TARGET} PRIVATE ${out})
endfunction()
