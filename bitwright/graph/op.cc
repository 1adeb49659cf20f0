#include "bitwright/graph/op.h"

namespace bw {

const OpDef* FindOp(std::string_view name, std::string_view domain) {
  for (const OpDef* op : ops::All()) {
    if (op->name == name && op->domain == domain) return op;
  }
  return nullptr;
}

}  // namespace bw
