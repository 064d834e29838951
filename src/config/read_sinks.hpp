#pragma once

#include "config/context.hpp"
#include "config/settings.hpp"
#include "document/value.hpp"

#include <map>
#include <string>
#include <vector>

namespace tokenbroker::config {

// `taken`: the paths of all sinks so far, and where they were named: two sinks with one path are a
// mistake.
std::vector<SinkSettings> read_sinks(const document::Value& value,
                                     std::map<std::string, Place>& taken, Context& context);

}  // namespace tokenbroker::config
