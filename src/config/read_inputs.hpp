#pragma once

#include "config/context.hpp"
#include "config/settings.hpp"
#include "document/value.hpp"

#include <vector>

namespace tokenbroker::config {

// Reads the maps under `inputs:` (the defaults' first, the account's own after it: what it has
// wins) against what the account's recipe declares: unknown, wrong and missing inputs are mistakes.
// `inputs_place` is where a missing one is reported.
void read_inputs(const std::vector<const document::Value*>& maps, const Place& inputs_place,
                 AccountSettings& account, Context& context);

}  // namespace tokenbroker::config
