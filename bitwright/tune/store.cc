#include "bitwright/tune/store.h"

#include <cstring>
#include <filesystem>
#include <system_error>

#include "bitwright/base/check.h"
#include "bitwright/data/contents.h"
#include "bitwright/runtime/machine.h"

namespace bw {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kApplication = 0x42577472;  // "BWtr"
constexpr std::int64_t kLayout = 2;

constexpr const char* kTables = R"(
CREATE TABLE contexts(id INTEGER PRIMARY KEY, network TEXT, data TEXT, calibration TEXT,
                      metric TEXT, version TEXT,
                      UNIQUE(network, data, calibration, metric, version));
CREATE TABLE searches(id INTEGER PRIMARY KEY, context INTEGER, settings TEXT,
                      UNIQUE(context, settings));
CREATE TABLE trials(id INTEGER PRIMARY KEY, context INTEGER, samples INTEGER, key TEXT, plan TEXT,
                    value REAL, images INTEGER, divergence REAL, expected_drop REAL,
                    expected_variance REAL, scores BLOB, search INTEGER, elapsed REAL, UNIQUE(context, samples, key));
)";

// Scores that are all 0 or 1 as bits, else as doubles; in front a letter and the count.
std::string PackScores(const std::vector<double>& scores) {
  bool bits = true;
  for (const double score : scores) bits = bits && (score == 0 || score == 1);
  const std::uint64_t count = scores.size();
  std::string bytes(1, bits ? 'b' : 'd');
  bytes.append(reinterpret_cast<const char*>(&count), sizeof count);
  if (!bits) {
    bytes.append(reinterpret_cast<const char*>(scores.data()), count * sizeof(double));
    return bytes;
  }
  const std::size_t start = bytes.size();
  bytes.resize(start + (count + 7) / 8, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    if (scores[i] == 1) bytes[start + i / 8] |= static_cast<char>(1 << (i % 8));
  }
  return bytes;
}

std::optional<std::vector<double>> UnpackScores(const std::string& bytes) {
  std::uint64_t count = 0;
  constexpr std::size_t kStart = 1 + sizeof count;
  if (bytes.size() < kStart) return std::nullopt;
  std::memcpy(&count, bytes.data() + 1, sizeof count);
  const bool bits = bytes[0] == 'b';
  const std::size_t held = bytes.size() - kStart;
  if (count > 8 * held || held != (bits ? (count + 7) / 8 : count * sizeof(double)))
    return std::nullopt;
  std::vector<double> scores(count);
  if (!bits) std::memcpy(scores.data(), bytes.data() + kStart, held);
  for (std::size_t i = 0; bits && i < count; ++i)
    scores[i] = (bytes[kStart + i / 8] >> (i % 8)) & 1;
  return scores;
}

}  // namespace

Expected<std::string> CodeVersion() {
  BW_ASSIGN(const ContentHash program, HashFile("/proc/self/exe"));
  return program.Hex() + " " + IsaName();
}

Expected<std::unique_ptr<TrialStore>> TrialStore::Open(const std::string& path,
                                                       const TrialContext& context,
                                                       const std::string& settings, StoreUse use) {
  std::unique_ptr<TrialStore> store(new TrialStore(path));
  std::error_code error;
  const bool absent = !fs::exists(path, error);
  if (fs::is_directory(path, error)) return Fail("{}: is a folder, a file is needed", path);
  if (absent && use == StoreUse::kResume) {
    return Fail("{}: there is no store, so nothing to resume; start without --resume", path);
  }
  store->use_ = use;
  BW_ASSIGN(store->database_, Database::Open(path));
  store->fresh_ = absent;
  BW_TRY(store->CheckLayout());
  BW_TRY(store->database_->UseLog());
  BW_TRY(store->FindContext(context));
  BW_TRY(store->FindSearch(settings, use));
  BW_ASSIGN(store->find_,
            store->database_->Prepare("SELECT value, images, divergence, expected_drop, "
                                      "expected_variance, scores, search, elapsed FROM trials "
                                      "WHERE context = ? AND samples = ? AND key = ?"));
  BW_ASSIGN(store->keep_,
            store->database_->Prepare("INSERT OR IGNORE INTO trials(context, samples, key, plan, "
                                      "value, images, divergence, expected_drop, "
                                      "expected_variance, scores, search, elapsed) "
                                      "VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"));
  return store;
}

TrialStore::~TrialStore() {
  find_ = {};
  keep_ = {};
  database_.reset();
  std::error_code ignored;
  if (fresh_ && !kept_) fs::remove(path_, ignored);
}

// Makes the tables of a new file; two programs may do so at once.
Expected<void> TrialStore::CheckLayout() {
  BW_TRY(database_->Run("BEGIN IMMEDIATE"));
  BW_ASSIGN(const std::int64_t application, database_->Integer("PRAGMA application_id"));
  BW_ASSIGN(const std::int64_t layout, database_->Integer("PRAGMA user_version"));
  BW_ASSIGN(const std::int64_t tables, database_->Integer("SELECT count(*) FROM sqlite_master"));
  if (application == 0 && tables == 0) {
    BW_TRY(database_->Run(kTables));
    BW_TRY(database_->Run(fmt::format("PRAGMA application_id = {}", kApplication)));
    BW_TRY(database_->Run(fmt::format("PRAGMA user_version = {}", kLayout)));
  } else if (application != kApplication) {
    return Fail(
        "{}: is another program's database (application id {:#x}, a store has {:#x}); name another "
        "file with --store",
        path_, application, kApplication);
  } else if (layout != kLayout) {
    return Fail(
        "{}: the store has layout {}, this build reads and writes {}; name another with "
        "--store",
        path_, layout, kLayout);
  }
  BW_TRY(database_->Run("COMMIT"));
  BW_ASSIGN(Statement check, database_->Prepare("PRAGMA quick_check(1)"));
  BW_ASSIGN(const bool row, check.Step());
  const std::string outcome = row ? check.Bytes(0) : "no answer";
  if (outcome == "ok") return {};
  return Fail("{}: the store is damaged ({}); remove it, or name another with --store", path_,
              outcome);
}

Expected<void> TrialStore::FindContext(const TrialContext& context) {
  const auto bind = [&](Statement& statement) {
    statement.Bind(1, context.network)
        .Bind(2, context.data)
        .Bind(3, context.calibration)
        .Bind(4, context.metric)
        .Bind(5, context.version);
  };
  BW_ASSIGN(Statement add,
            database_->Prepare("INSERT OR IGNORE INTO contexts(network, data, calibration, metric, "
                               "version) VALUES(?,?,?,?,?)"));
  bind(add);
  BW_TRY(add.Finish());
  BW_ASSIGN(Statement find,
            database_->Prepare("SELECT id FROM contexts WHERE network = ? AND data = ? AND "
                               "calibration = ? AND metric = ? AND version = ?"));
  bind(find);
  BW_ASSIGN(const bool row, find.Step());
  BW_CHECK(row);
  context_ = find.Integer(0);
  BW_TRY(find.Finish());
  BW_ASSIGN(
      const std::int64_t own,
      database_->Integer(fmt::format("SELECT count(*) FROM trials WHERE context = {}", context_)));
  BW_ASSIGN(Statement others,
            database_->Prepare("SELECT count(*) FROM trials JOIN contexts ON trials.context = "
                               "contexts.id WHERE network = ? AND data = ? AND calibration = ? AND "
                               "metric = ? AND version != ?"));
  bind(others);
  BW_TRY(others.Step());
  contents_ = {static_cast<std::size_t>(own), static_cast<std::size_t>(others.Integer(0))};
  return others.Finish();
}

Expected<void> TrialStore::FindSearch(const std::string& settings, StoreUse use) {
  BW_ASSIGN(Statement find,
            database_->Prepare("SELECT id FROM searches WHERE context = ? AND settings = ?"));
  find.Bind(1, context_).Bind(2, std::string_view(settings));
  BW_ASSIGN(const bool known, find.Step());
  if (known) {
    search_ = find.Integer(0);
    return find.Finish();
  }
  if (use == StoreUse::kResume) {
    return Fail(
        "{}: holds no search of this network, data and settings{}, so nothing to resume; start "
        "without --resume",
        path_,
        contents_.other_version > 0
            ? fmt::format(" by this build ({} evaluations are another build's)",
                          contents_.other_version)
            : "");
  }
  BW_ASSIGN(Statement add,
            database_->Prepare("INSERT INTO searches(context, settings) VALUES(?, ?) "
                               "RETURNING id"));
  add.Bind(1, context_).Bind(2, std::string_view(settings));
  BW_ASSIGN(const bool added, add.Step());
  BW_CHECK(added);
  search_ = add.Integer(0);
  return add.Finish();
}

Expected<std::optional<Evaluation>> TrialStore::Find(const TrialKey& key) {
  const std::string hash = HashBytes(key.plan).Hex();
  find_.Bind(1, context_)
      .Bind(2, static_cast<std::int64_t>(key.samples))
      .Bind(3, std::string_view(hash));
  BW_ASSIGN(const bool known, find_.Step());
  if (!known) return std::nullopt;
  Evaluation evaluation;
  evaluation.value = find_.Real(0);
  evaluation.images = static_cast<std::size_t>(find_.Integer(1));
  evaluation.divergence = find_.Real(2);
  evaluation.expected_drop = find_.Real(3);
  evaluation.expected_variance = find_.Real(4);
  std::optional<std::vector<double>> scores = UnpackScores(find_.Bytes(5));
  if (!scores) {
    return Fail(
        "{}: the store is damaged (scores of evaluation {}); remove it, or name another "
        "with --store",
        path_, hash);
  }
  evaluation.scores = *std::move(scores);
  if (use_ == StoreUse::kResume && find_.Integer(6) == search_) AdvanceTo(find_.Real(7));
  BW_TRY(find_.Finish());
  return evaluation;
}

Expected<void> TrialStore::Keep(const TrialKey& key, const Evaluation& evaluation) {
  const std::string hash = HashBytes(key.plan).Hex(), scores = PackScores(evaluation.scores);
  keep_.Bind(1, context_)
      .Bind(2, static_cast<std::int64_t>(key.samples))
      .Bind(3, std::string_view(hash))
      .Bind(4, std::string_view(key.plan))
      .Bind(5, evaluation.value)
      .Bind(6, static_cast<std::int64_t>(evaluation.images))
      .Bind(7, evaluation.divergence)
      .Bind(8, evaluation.expected_drop)
      .Bind(9, evaluation.expected_variance)
      .BindBlob(10, scores)
      .Bind(11, search_)
      .Bind(12, Elapsed());
  kept_ = true;
  return keep_.Finish();
}

}  // namespace bw
