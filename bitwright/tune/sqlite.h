#pragma once
// A database file by SQLite: statements with their values, errors as lines of ours.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bitwright/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bw {

class Database;

// A prepared statement; parameters and columns are numbered from 1 and from 0 as in SQL.
class Statement {
 public:
  Statement& Bind(int parameter, std::int64_t value);
  Statement& Bind(int parameter, double value);  // NaN becomes NULL
  Statement& Bind(int parameter, std::string_view text);
  Statement& BindBlob(int parameter, std::string_view bytes);  // must live until Step

  // Runs to the next row; false at the end, where the statement is ready for new values.
  Expected<bool> Step();
  Expected<void> Finish();  // to the end

  std::int64_t Integer(int column) const;
  double Real(int column) const;  // NULL is NaN
  std::string Bytes(int column) const;

 private:
  friend class Database;
  struct Close {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Close> statement_;
  const Database* database_ = nullptr;
};

// An open file. Not copied, not moved: statements refer to it.
class Database {
 public:
  // Opens or makes the file for reading and writing; changes nothing of it.
  static Expected<std::unique_ptr<Database>> Open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // From now on writes go to a write-ahead log first. A killed program leaves it whole; only a
  // crash of the machine may lose its last entries.
  Expected<void> UseLog() const;
  Expected<void> Run(const std::string& sql) const;
  Expected<std::int64_t> Integer(const std::string& sql) const;  // of the first row; 0 without one
  Expected<Statement> Prepare(const std::string& sql) const;
  // The last error: locked, full, read-only, damaged, no database at all.
  tl::unexpected<Error> Fault() const;

 private:
  explicit Database(std::string path) : path_(std::move(path)) {}
  std::string path_;
  sqlite3* file_ = nullptr;
};

}  // namespace bw
