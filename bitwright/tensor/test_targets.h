#pragma once
// For tests: every instruction set that this machine and build have.

#include <gtest/gtest.h>
#include <hwy/targets.h>

namespace bw {

// Runs body under each, the portable one too.
template <typename Body>
void OnEveryTarget(const Body& body) {
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    const std::int64_t target = left & ~(left - 1);
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    SCOPED_TRACE(hwy::TargetName(target));
    body();
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
}

}  // namespace bw
