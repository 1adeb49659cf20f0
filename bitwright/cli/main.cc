// bitwright <command> ...; exit codes: 0 ok, 1 the demand is not met, 2 usage, 3 bad input, 70 our
// bug.

#include <cstdio>
#include <exception>
#include <vector>

#include "bitwright/base/memory.h"
#include "bitwright/base/text.h"
#include "bitwright/cli/command.h"

namespace {

constexpr int kUsageExit = 2;
constexpr int kBugExit = 70;

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const bw::Command* command : bw::commands::All()) names.emplace_back(command->name);
  return names;
}

// What is wrong with the first word of the line, which is no command.
std::string FirstWordFault(const std::string& word) {
  const std::vector<std::string> names = CommandNames();
  if (word.starts_with('-')) {
    return fmt::format("'{}' stands where a command is needed (commands: {})", word,
                       fmt::join(names, ", "));
  }
  return fmt::format("unknown command '{}'; nearest is '{}' (commands: {})", word,
                     bw::Nearest(word, names), fmt::join(names, ", "));
}

// The first word that looks like an option and is none of the command's; empty when there is none.
std::string UnknownOptionFault(const CLI::App& command) {
  std::vector<std::string> known = {"--help"};
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const std::string& word : command.remaining()) {
    if (!word.starts_with("-")) continue;
    const std::string name = word.substr(0, word.find('='));
    return fmt::format("unknown option '{}'; nearest is '{}'", name, bw::Nearest(name, known));
  }
  return "";
}

// CLI11's own message as one line of ours; help and version go to the standard output.
int ReportParseError(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == 0) return app.exit(error);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kUsageExit;
  }
  const std::vector<std::string> names = CommandNames();
  const std::string word = argv[1];
  if (std::find(names.begin(), names.end(), word) == names.end()) {
    fmt::print(stderr, "bitwright: {}\n", FirstWordFault(word));
    return kUsageExit;
  }
  std::string fault = UnknownOptionFault(*app.get_subcommand(word));
  if (fault.empty()) fault = error.what();
  fmt::print(stderr, "bitwright {}: {}; see 'bitwright {} --help'\n", word, fault, word);
  return kUsageExit;
}

int Main(int argc, char** argv) {
  bw::ReturnFreedMemory();
  CLI::App app("Chooses the number format of every tensor of a trained network.", "bitwright");
  app.set_version_flag("--version", "bitwright 0.1.0");
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, bw::CommandAction>> prepared;
  for (const bw::Command* command : bw::commands::All()) {
    CLI::App* sub = app.add_subcommand(std::string(command->name), std::string(command->summary));
    prepared.emplace_back(sub, command->prepare(*sub));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ReportParseError(app, error, argc, argv);
  }
  for (const auto& [sub, action] : prepared) {
    if (!sub->parsed()) continue;
    const bw::Expected<int> code = action();
    if (code) return *code;
    fmt::print(stderr, "bitwright: {}\n", code.error().message);
    return static_cast<int>(code.error().kind);
  }
  return kUsageExit;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bitwright: internal error: {}\n", error.what());
    return kBugExit;
  }
}
