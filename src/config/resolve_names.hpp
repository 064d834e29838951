#pragma once

#include "config/environment.hpp"
#include "config/settings.hpp"

namespace tokenbroker::config {

// Whether a line of `allow` or `admin` waits for the name service.
bool has_unresolved_names(const Settings& settings);

// Asks the name service again for the names that it could not answer for. Whether it could for any;
// the others go on waiting. Blocks: to be run off the event loop.
bool resolve_names(Settings& settings, Environment& environment);

}  // namespace tokenbroker::config
