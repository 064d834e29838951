#pragma once

#include "daemon/options.hpp"

namespace tokenbroker::daemon {

// From the command line to a running daemon, and on to the exit code. Each phase that fails says so
// in one line.
int start(const Options& options);

}  // namespace tokenbroker::daemon
