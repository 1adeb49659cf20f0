#include "bitwright/quant/pass.h"

namespace bw {

Expected<void> RunPasses(Graph& graph) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const Pass* pass : passes::All()) {
      const Expected<bool> result = pass->run(graph);
      if (!result) return Context(pass->name, result.error());
      changed = changed || *result;
      if (const Expected<void> valid = Verify(graph); !valid)
        return Context(pass->name, valid.error());
    }
  }
  return {};
}

}  // namespace bw
