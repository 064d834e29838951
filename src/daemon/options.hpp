#pragma once

#include <optional>
#include <string>

namespace tokenbroker::daemon {

// The command line of tokenbrokerd.
struct Options {
    std::optional<std::string> config;
    bool check = false;
};

// Exit codes of cli.md.
enum ExitCode : int { exit_done = 0, exit_failed = 1, exit_usage = 2, exit_configuration = 78 };

// What to do next: run with these options, or leave with an exit code (after --help, --version, a
// wrong option; the text has been printed).
struct CommandLine {
    Options options;
    std::optional<int> exit;
};
CommandLine read_command_line(int argc, const char* const* argv);

}  // namespace tokenbroker::daemon
