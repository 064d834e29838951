#pragma once

#include "daemon/options.hpp"

namespace tokenbroker::daemon {

// `tokenbrokerd --check`: reads the configuration, its recipes and every secret source, prints each
// mistake, and gives the exit code.
int check_configuration(const Options& options);

}  // namespace tokenbroker::daemon
