#pragma once

#include <functional>
#include <optional>
#include <string>

namespace tokenbroker::host {

// How a variable of the environment is looked up: getenv, or a test's map.
using Variables = std::function<std::optional<std::string>(const char* name)>;

Variables process_variables();

}  // namespace tokenbroker::host
