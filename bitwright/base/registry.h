#pragma once
// The folder is the registry (cmake/registry.cmake): a file `<folder>/<name>.cc` defines one entry,
//   BW_ENTRY(OpDef, conv) = {...};
// inside the registry's namespace, where the generated `All()` lists every entry in file-name
// order.

#include <span>  // IWYU pragma: export

#define BW_ENTRY(Type, name)      \
  extern const Type entry_##name; \
  const Type entry_##name
