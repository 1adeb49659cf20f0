#include "bitwright/quant/learning/gradient.h"

namespace bw {

Expected<std::unique_ptr<Gradient>> MakeGradient(const GradientCase& of) {
  const std::string where = fmt::format("node '{}' ({})", of.node.name, of.node.op->name);
  for (const GradientDef* known : gradients::All()) {
    if (known->op != of.node.op->name || !of.node.op->domain.empty()) continue;
    Expected<std::unique_ptr<Gradient>> made = known->make(of);
    return made ? std::move(made) : Context(where, std::move(made).error());
  }
  return Fail("{}: has no gradient", where);
}

}  // namespace bw
