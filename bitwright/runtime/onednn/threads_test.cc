// Kernels stay on the calling thread and do not disturb each other.

#include <omp.h>

#include <filesystem>
#include <thread>

#include "bitwright/runtime/onednn/against_reference.h"

namespace bw::kernels {
namespace {

std::ptrdiff_t ThreadsOfThisProcess() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

Case Convolution(std::uint64_t seed) {
  Attributes attributes;
  attributes.Set("pads", std::vector<std::int64_t>{1, 1, 1, 1});
  return MakeCase("Conv", {RandomTensor({4, 32, 24, 24}, seed), RandomTensor({48, 32, 3, 3}, 2)},
                  attributes, {false, true});
}

std::vector<Case> ManyCases() {
  std::vector<Case> cases = {Convolution(1)};
  cases.push_back(MakeCase("Conv",
                           {RandomTensor({2, 64, 20, 20}, 1), RandomTensor({96, 64, 1, 1}, 2)}, {},
                           {false, true}));
  cases.push_back(
      MakeCase("Conv", {RandomTensor({2, 64, 20, 20}, 1), RandomTensor({96, 64, 2, 1}, 2)}));
  cases.push_back(MakeCase("ConvTranspose",
                           {RandomTensor({1, 32, 12, 12}, 1), RandomTensor({32, 32, 3, 3}, 2)}, {},
                           {false, true}));
  cases.push_back(MakeCase("Gemm", {RandomTensor({64, 300}, 1), RandomTensor({300, 200}, 2)}, {},
                           {false, true}));
  cases.push_back(MakeCase("MatMul", {RandomTensor({8, 64, 64}, 1), RandomTensor({8, 64, 64}, 2)}));
  cases.push_back(MakeCase("Softmax", {RandomTensor({500, 100}, 1)}));
  cases.push_back(MakeCase("Sigmoid", {RandomTensor({100000}, 1)}));
  cases.push_back(MakeCase("Transpose", {RandomTensor({300, 500}, 1)}));
  Attributes pool;
  pool.Set("kernel_shape", std::vector<std::int64_t>{3, 3});
  cases.push_back(MakeCase("MaxPool", {RandomTensor({8, 32, 30, 30}, 1)}, pool));
  return cases;
}

TEST(Threads, KernelsStayOnTheCallingThreadAndLeaveItsWidthAlone) {
  omp_set_num_threads(4);
  const std::ptrdiff_t before = ThreadsOfThisProcess();
  for (const Case& test : ManyCases()) {
    RunFast(test);
    EXPECT_EQ(ThreadsOfThisProcess(), before) << test.node.op->name;
    EXPECT_EQ(omp_get_max_threads(), 4) << test.node.op->name;
  }
}

TEST(Threads, TheWidthOfTheCallerDoesNotChangeTheBits) {
  for (const Case& test : ManyCases()) {
    omp_set_num_threads(1);
    const Tensor narrow = RunFast(test);
    omp_set_num_threads(7);
    EXPECT_TRUE(SameBits(RunFast(test), narrow)) << test.node.op->name;
  }
}

TEST(Threads, KernelsMadeAndRunTogetherGiveTheBitsOfOneAlone) {
  constexpr int kThreads = 4;
  const std::vector<Case> cases = ManyCases();
  std::vector<Tensor> alone;
  for (const Case& test : cases) alone.push_back(RunFast(test));
  std::vector<int> different(kThreads, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 3 * cases.size(); ++i) {
        const std::size_t at = (i + static_cast<std::size_t>(t)) % cases.size();
        different[static_cast<std::size_t>(t)] += SameBits(RunFast(cases[at]), alone[at]) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(different, std::vector<int>(kThreads, 0));
}

TEST(Threads, AKernelMadeOnOneThreadRunsOnAnother) {
  const Case test = Convolution(5);
  const Tensor here = RunFast(test);
  const auto kernel = MakeBound(test);
  Tensor there;
  std::thread([&] { there = RunKernel(*kernel, test); }).join();
  EXPECT_TRUE(SameBits(here, there));
}

}  // namespace
}  // namespace bw::kernels
