#include "bitwright/onnx/tensor_proto.h"
#include "bitwright/onnx/upgrade.h"

namespace bw::upgrades {
namespace {

constexpr std::string_view kOps[] = {"Cast"};
constexpr NewAttribute kNewer[] = {{"saturate", NewAttribute::Kind::kInt}};

// Casts to double, float16 and bfloat16 become casts to float32, the type that stands for them
// here.
Expected<void> Apply(UpgradeContext&, Draft& node) {
  node.attributes.items.erase("saturate");
  const std::int64_t to = node.attributes.Int("to", 0);
  const auto dtype = DTypeFromOnnx(static_cast<int>(to));
  if (!dtype) return Context("attribute 'to'", dtype.error());
  if (*dtype == DType::kFloat32) {
    node.attributes.Set("to", std::int64_t{onnx::TensorProto::FLOAT});
  }
  return {};
}

}  // namespace
BW_ENTRY(Upgrade, cast) = {.ops = kOps, .newer = kNewer, .apply = Apply};
}  // namespace bw::upgrades
