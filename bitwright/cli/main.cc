// bitwright <command> ...; exit codes: 0 ok, 1 the demand is not met, 2 usage, 3 bad input, 70 our
// bug.

#include <cstdio>
#include <exception>
#include <vector>

#include "bitwright/base/text.h"
#include "bitwright/cli/command.h"

namespace {

constexpr int kUsageExit = 2;
constexpr int kBugExit = 70;

// CLI11's own message as one line of ours; help and version go to the standard output.
int ReportParseError(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == 0) return app.exit(error);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kUsageExit;
  }
  std::vector<std::string> names;
  for (const bw::Command* command : bw::commands::All()) names.emplace_back(command->name);
  const bool known = std::find(names.begin(), names.end(), argv[1]) != names.end();
  if (!known && argv[1][0] != '-') {
    fmt::print(stderr, "bitwright: unknown command '{}'; nearest is '{}' (commands: {})\n", argv[1],
               bw::Nearest(argv[1], names), fmt::join(names, ", "));
  } else {
    fmt::print(stderr, "bitwright {}: {}; see 'bitwright {} --help'\n", argv[1], error.what(),
               argv[1]);
  }
  return kUsageExit;
}

int Main(int argc, char** argv) {
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
