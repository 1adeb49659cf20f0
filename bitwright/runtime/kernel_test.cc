#include "bitwright/runtime/kernel.h"

#include "bitwright/runtime/onednn/against_reference.h"

namespace bw {
namespace {

using kernels::Case;

std::unique_ptr<Kernel> Make(Backend backend, const Case& test) {
  return MakeKernel(backend, test.node, kernels::InputTypes(test), kernels::OutputTypes(test),
                    kernels::Constants(test, false));
}

TEST(MakeKernel, ReferenceBackendIsTheReferenceItself) {
  const Case test = kernels::MakeCase(
      "MatMul", {kernels::RandomTensor({9, 40}, 1), kernels::RandomTensor({40, 9}, 2)});
  const auto kernel = Make(Backend::kReference, test);
  EXPECT_TRUE(kernels::SameBits(kernels::RunKernel(*kernel, test), kernels::RunReference(test)));
}

TEST(MakeKernel, FastBackendFallsBackWhereNothingIsBound) {
  const Case test = kernels::MakeCase("Floor", {kernels::RandomTensor({50}, 1, -9, 9)});
  const auto kernel = Make(Backend::kFast, test);
  EXPECT_TRUE(kernels::SameBits(kernels::RunKernel(*kernel, test), kernels::RunReference(test)));
}

TEST(MakeKernel, TensorsWithoutElementsAreLeftToTheReference) {
  const Case test = kernels::MakeCase(
      "MatMul", {kernels::RandomTensor({2, 0}, 1), kernels::RandomTensor({0, 3}, 2)});
  const auto kernel = Make(Backend::kFast, test);
  const Tensor result = kernels::RunKernel(*kernel, test);
  EXPECT_TRUE(kernels::SameBits(result, Tensor(DType::kFloat32, {2, 3})));
}

TEST(Bindings, EachNamesAnOperatorOnce) {
  std::vector<std::string_view> names;
  for (const KernelBinding* binding : kernels::All()) {
    EXPECT_TRUE(FindOp(binding->op) != nullptr || FindOp(binding->op, "bitwright") != nullptr)
        << binding->op;
    names.push_back(binding->op);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace bw
