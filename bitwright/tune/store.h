#pragma once
// Evaluations that outlive the program: an SQLite file (docs/store.md).

#include <memory>
#include <string>

#include "bitwright/tune/sqlite.h"
#include "bitwright/tune/trial_memo.h"

namespace bw {

// What an evaluation depends on besides the plan and the samples' number. Two evaluations of equal
// contexts and keys are equal to the last bit.
struct TrialContext {
  std::string network;      // hash of the graph with its constants
  std::string data;         // hash of the search split
  std::string calibration;  // hash of the calibration split, and how it is used
  std::string metric;
  std::string version;  // of the code: CodeVersion()
};

// A hash of the running program's file, and the instruction set that its kernels use.
Expected<std::string> CodeVersion();

enum class StoreUse {
  kReuse,   // known answers are free
  kResume,  // a search goes on: what its answers cost counts as spent
};

// What is told of a store that was opened.
struct StoreContents {
  std::size_t trials = 0;         // of this context
  std::size_t other_version = 0;  // of the same network and data by another build: not used
};

// Not to be shared between threads. Several programs may use one file at a time: each answer is one
// short transaction.
class TrialStore : public TrialMemo {
 public:
  // `settings` names the search: all that its questions follow from. Fails with one line on a file
  // that is no store, is locked, cannot be written; on kResume also where the store holds no such
  // search, or one of another build. A file made by this call in which nothing is kept goes away
  // with the store.
  static Expected<std::unique_ptr<TrialStore>> Open(const std::string& path,
                                                    const TrialContext& context,
                                                    const std::string& settings, StoreUse use);
  ~TrialStore() override;

  Expected<std::optional<Evaluation>> Find(const TrialKey& key) override;
  Expected<void> Keep(const TrialKey& key, const Evaluation& evaluation) override;

  const StoreContents& contents() const { return contents_; }

 private:
  explicit TrialStore(std::string path) : path_(std::move(path)) {}
  Expected<void> CheckLayout();
  Expected<void> FindContext(const TrialContext& context);
  Expected<void> FindSearch(const std::string& settings, StoreUse use);

  std::string path_;
  bool fresh_ = false, kept_ = false;
  StoreUse use_ = StoreUse::kReuse;
  std::unique_ptr<Database> database_;
  Statement find_, keep_;
  std::int64_t context_ = 0, search_ = 0;
  StoreContents contents_;
};

}  // namespace bw
