#include "tests/support/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "bitwright/base/check.h"

namespace bw::program {
namespace fs = std::filesystem;

std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Outcome RunProgram(const std::vector<std::string>& arguments) { return Running(arguments).Wait(); }

Running::Running(const std::vector<std::string>& arguments) : folder_(new Folder) {
  const std::string out = folder_->path("out"), err = folder_->path("err");
  std::vector<std::string> words = {BW_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out.c_str(), kNew, 0600);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err.c_str(), kNew, 0600);
  const int started = posix_spawn(&child_, BW_PROGRAM, &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  BW_CHECK(started == 0);
}

Running::~Running() {
  if (ended()) return;
  Signal(SIGKILL);
  Reap(0);
}

void Running::Signal(int signal) const { BW_CHECK(::kill(child_, signal) == 0); }

bool Running::Reap(int options) {
  if (!ended_) {
    const pid_t reaped = waitpid(child_, &status_, options);
    BW_CHECK(reaped == child_ || (reaped == 0 && options != 0));
    ended_ = reaped == child_;
  }
  return ended_;
}

bool Running::ended() { return Reap(WNOHANG); }

std::string Running::err() const { return Slurp(folder_->path("err")); }

Outcome Running::Wait() {
  Reap(0);
  Outcome outcome;
  if (WIFEXITED(status_)) outcome.exit_code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) outcome.signal = WTERMSIG(status_);
  outcome.out = Slurp(folder_->path("out"));
  outcome.err = Slurp(folder_->path("err"));
  return outcome;
}

Folder::Folder() {
  std::string name = (fs::temp_directory_path() / "bitwright-test-XXXXXX").string();
  BW_CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Folder::Put(const std::string& name, const std::string& bytes) const {
  std::ofstream file(path(name), std::ios::binary);
  file << bytes;
  BW_CHECK(file.good());
  return path(name);
}

std::set<std::string> Folder::List(const std::string& name) const {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path(name), error)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

}  // namespace bw::program
