#pragma once

#include "upstream/transport.hpp"
#include "upstream/wiped.hpp"

#include <string_view>

namespace tokenbroker::upstream {

// The bytes of a request as HTTP/1.1 wants them. invalid_input where a part would leave its place
// (a line break in a header, a space in the target) or is the transport's to set.
Result<WipedString> request_text(const Endpoint& endpoint, const Request& request,
                                 std::string_view user_agent);

// "CONNECT host:port HTTP/1.1", for a proxy.
WipedString connect_text(const HostAndPort& to, std::string_view user_agent);

}  // namespace tokenbroker::upstream
