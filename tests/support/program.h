#pragma once
// Runs the program as a user does, in a process of its own, on files of a folder that goes away.

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace bw::program {

struct Outcome {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  std::string out, err;
};

// Runs `bitwright <arguments>` to its end; its standard error is no terminal.
Outcome RunProgram(const std::vector<std::string>& arguments);

class Folder;

// The program while it runs.
class Running {
 public:
  explicit Running(const std::vector<std::string>& arguments);
  ~Running();  // kills it if nobody has waited for its end
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void Signal(int signal) const;
  bool ended();             // without waiting
  std::string err() const;  // the standard error so far
  Outcome Wait();

 private:
  bool Reap(int options);
  std::unique_ptr<Folder> folder_;  // of its outputs
  int child_ = 0, status_ = 0;
  bool ended_ = false;
};

// A folder of this object alone, removed with all that is in it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file and gives its path.
  std::string Put(const std::string& name, const std::string& bytes) const;
  // Names of what is below the sub-folder `name`, whether it is there or not.
  std::set<std::string> List(const std::string& name) const;

 private:
  std::string path_;
};

std::string Slurp(const std::string& path);

}  // namespace bw::program
