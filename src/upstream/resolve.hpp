#pragma once

#include "base/error.hpp"

#include <functional>
#include <string>
#include <vector>

namespace tokenbroker::upstream {

// The IP addresses of a host, as text, in the order in which to try them; or resolve_failed. May
// block, and runs on a worker thread.
using Resolver = std::function<Result<std::vector<std::string>>(const std::string& host)>;

// getaddrinfo(): /etc/hosts, DNS, whatever nsswitch.conf says.
Result<std::vector<std::string>> resolve_with_system(const std::string& host);

}  // namespace tokenbroker::upstream
