#include "bitwright/number/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "bitwright/base/check.h"

namespace bw::number {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kKeptOutput = std::size_t{16} << 20, kKeptErrors = 4096;
constexpr int kPollMilliseconds = 5;

// Both ends of a pipe, closed by the destructor.
class Pipe {
 public:
  Pipe() { good_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool good() const { return good_; }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void CloseReader() { Close(ends_[0]); }
  void CloseWriter() { Close(ends_[1]); }

 private:
  static void Close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  std::array<int, 2> ends_ = {-1, -1};
  bool good_ = false;
};

// Reads what is there; closes the reader at its end.
void Drain(Pipe& pipe, std::string& text, std::size_t keep) {
  std::array<char, 1 << 16> buffer;
  while (pipe.reader() >= 0) {
    const ssize_t count = ::read(pipe.reader(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0) {
      pipe.CloseReader();
      return;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > 2 * keep) text.erase(0, text.size() - keep);
  }
}

std::vector<std::string> Environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

Expected<pid_t> Spawn(std::vector<std::string> words,
                      const std::map<std::string, std::string>& environment, const Pipe& out,
                      const Pipe& err) {
  std::vector<std::string> variables = Environment(environment);
  const std::vector<char*> argv = Pointers(words), envp = Pointers(variables);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out.writer(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err.writer(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // to end its children with it
  pid_t child = 0;
  const int code = posix_spawnp(&child, argv[0], &files, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (code != 0) return Fail("'{}' cannot be started: {}", words[0], std::strerror(code));
  return child;
}

void SetNonBlocking(int file) { ::fcntl(file, F_SETFL, ::fcntl(file, F_GETFL) | O_NONBLOCK); }

// Waits for output or a moment.
void Wait(const Pipe& out, const Pipe& err) {
  std::array<pollfd, 2> files = {pollfd{out.reader(), POLLIN, 0}, pollfd{err.reader(), POLLIN, 0}};
  ::poll(files.data(), files.size(), kPollMilliseconds);
}

}  // namespace

std::string ProcessResult::How(double timeout_seconds) const {
  if (timed_out) return fmt::format("no end within {} s", timeout_seconds);
  if (signal != 0) return fmt::format("signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("exit code {}", exit_code);
}

Expected<ProcessResult> RunProcess(const std::vector<std::string>& words,
                                   const std::map<std::string, std::string>& environment,
                                   double timeout_seconds) {
  BW_CHECK(!words.empty());
  Pipe out, err;
  if (!out.good() || !err.good())
    return Fail("no pipe to '{}': {}", words[0], std::strerror(errno));
  const Clock::time_point start = Clock::now();
  BW_ASSIGN(const pid_t child, Spawn(words, environment, out, err));
  out.CloseWriter();
  err.CloseWriter();
  SetNonBlocking(out.reader());
  SetNonBlocking(err.reader());
  ProcessResult result;
  int status = 0;
  for (;;) {
    Drain(out, result.out, kKeptOutput);
    Drain(err, result.err, kKeptErrors);
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) return Fail("'{}': {}", words[0], std::strerror(errno));
    if (std::chrono::duration<double>(Clock::now() - start).count() > timeout_seconds) {
      result.timed_out = true;
      ::kill(-child, SIGKILL);
      while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      break;
    }
    Wait(out, err);
  }
  Drain(out, result.out, kKeptOutput);
  Drain(err, result.err, kKeptErrors);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  return result;
}

Expected<std::vector<std::string>> SplitCommand(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    const bool escape = c == '\\' && quote != '\'' && i + 1 < command.size();
    if (escape && (quote == 0 || command[i + 1] == '"' || command[i + 1] == '\\')) {
      word += command[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c != ' ' && c != '\t' && c != '\n') {
      word += c;
      in_word = true;
    } else if (in_word) {
      words.push_back(std::exchange(word, ""));
      in_word = false;
    }
  }
  if (quote != 0) return Fail("'{}': a {} that does not end", command, quote);
  if (in_word) words.push_back(word);
  if (words.empty()) return Fail("'{}' is no command", command);
  return words;
}

}  // namespace bw::number
