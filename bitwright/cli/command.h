#pragma once
// One command of the program: one file in cli/commands/.

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "bitwright/base/error.h"
#include "bitwright/base/registry.h"

namespace bw {

// What a command leaves behind for main: its work, run after the line has been parsed. The result
// is the exit code.
using CommandAction = std::function<Expected<int>()>;

struct Command {
  std::string_view name;
  std::string_view summary;
  // Adds options to the subcommand; the action owns the variables they fill.
  CommandAction (*prepare)(CLI::App& app) = nullptr;
};

namespace commands {
std::span<const Command* const> All();
}

}  // namespace bw
