#pragma once

#include "base/time.hpp"

namespace tokenbroker::daemon {

// From now on the process has `longest` to end by itself; then it leaves by _exit(code), whatever
// hangs: a name look-up and a hook can't be cancelled.
void leave_at_latest_in(Milliseconds longest, int code);

}  // namespace tokenbroker::daemon
