#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tokenbroker::host {

struct ChildCommand {
    std::vector<std::string> arguments;  // the first is an absolute path
    std::string account;                 // $TOKENBROKER_ACCOUNT
    Milliseconds timeout{};              // then its process group is killed
    bool capture = false;                // keep its stdout; else that goes nowhere
    std::size_t longest_output = std::size_t{64} * 1024;
};

struct ChildOutcome {
    int exit_status = 0;      // where it ended by itself
    int ended_by_signal = 0;  // 0: by none
    Secret output;

    [[nodiscard]] bool succeeded() const { return exit_status == 0 && ended_by_signal == 0; }
    // "exit status 3", "killed by SIGSEGV".
    [[nodiscard]] std::string text() const;
};

// Runs a program without a shell: environment PATH, LANG and TOKENBROKER_ACCOUNT alone, no
// descriptor but /dev/null and the pipe, default signals, a process group of its own, working
// directory kept. Blocks until it has ended: call it by async::Offload. Errors: not_found,
// access_denied, io (it could not be started), timeout, too_large (more output than allowed; it is
// killed).
Result<ChildOutcome> run_child(const ChildCommand& command);

}  // namespace tokenbroker::host
