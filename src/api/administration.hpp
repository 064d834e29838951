#pragma once

#include "base/place.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace tokenbroker::api {

// What reading the configuration anew came to. With mistakes nothing was changed.
struct ReloadReply {
    std::vector<std::string> changed;  // for people, one line each: "account rossum-prod: added"
    std::vector<std::string> restart_needed;  // "socket.mode"
    std::vector<std::string> warnings;
    std::vector<Mistake> mistakes;
};

// What admins may ask of the process as a whole. The daemon does it.
class Administration {
public:
    virtual ~Administration() = default;
    virtual boost::asio::awaitable<ReloadReply> reload() = 0;
};

}  // namespace tokenbroker::api
