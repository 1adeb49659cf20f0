#include "bitwright/tune/sqlite.h"

#include <sqlite3.h>

#include <cmath>

#include "bitwright/base/check.h"

namespace bw {
namespace {

constexpr int kBusyMilliseconds = 2000;

}  // namespace

void Statement::Close::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::Bind(int parameter, std::int64_t value) {
  BW_CHECK(sqlite3_bind_int64(statement_.get(), parameter, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::Bind(int parameter, double value) {
  const int code = std::isnan(value) ? sqlite3_bind_null(statement_.get(), parameter)
                                     : sqlite3_bind_double(statement_.get(), parameter, value);
  BW_CHECK(code == SQLITE_OK);
  return *this;
}

Statement& Statement::Bind(int parameter, std::string_view text) {
  BW_CHECK(sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(),
                               SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

Statement& Statement::BindBlob(int parameter, std::string_view bytes) {
  BW_CHECK(sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(),
                               SQLITE_STATIC) == SQLITE_OK);
  return *this;
}

Expected<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  const tl::unexpected<Error> fault = database_->Fault();
  sqlite3_reset(statement_.get());
  return fault;
}

Expected<void> Statement::Finish() {
  for (;;) {
    BW_ASSIGN(const bool more, Step());
    if (!more) return {};
  }
}

std::int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::Real(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL
             ? std::nan("")
             : sqlite3_column_double(statement_.get(), column);
}

std::string Statement::Bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int count = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? "" : std::string(bytes, static_cast<std::size_t>(count));
}

Expected<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  std::unique_ptr<Database> database(new Database(path));
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path.c_str(), &database->file_, kFlags, nullptr) != SQLITE_OK)
    return database->Fault();
  sqlite3_busy_timeout(database->file_, kBusyMilliseconds);
  // A database without a right to write is opened to be read, silently.
  if (sqlite3_db_readonly(database->file_, "main") == 1) {
    return Fail("{}: the store may only be read, it must be written too; name another with --store",
                path);
  }
  return database;
}

Expected<void> Database::UseLog() const {
  BW_TRY(Run("PRAGMA journal_mode = WAL"));
  return Run("PRAGMA synchronous = NORMAL");
}

Database::~Database() { sqlite3_close_v2(file_); }

Expected<void> Database::Run(const std::string& sql) const {
  if (sqlite3_exec(file_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return Fault();
  return {};
}

Expected<Statement> Database::Prepare(const std::string& sql) const {
  Statement statement;
  statement.database_ = this;
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(file_, sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK) return Fault();
  statement.statement_.reset(prepared);
  return statement;
}

Expected<std::int64_t> Database::Integer(const std::string& sql) const {
  BW_ASSIGN(Statement statement, Prepare(sql));
  BW_ASSIGN(const bool row, statement.Step());
  return row ? statement.Integer(0) : 0;
}

tl::unexpected<Error> Database::Fault() const {
  const std::string reason = sqlite3_errmsg(file_);
  switch (sqlite3_errcode(file_) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Fail(
          "{}: the store is locked by another program for more than {} s; wait for its end, or "
          "name another with --store",
          path_, kBusyMilliseconds / 1000);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Fail(
          "{}: is no store of evaluations, or a damaged one ({}); remove it, or name "
          "another with --store",
          path_, reason);
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return Fail(
          "{}: the store cannot be written: {}; make room there, or name another with "
          "--store",
          path_, reason);
    default:
      return Fail("{}: the store cannot be used: {}; name another with --store", path_, reason);
  }
}

}  // namespace bw
