#pragma once

#include "base/place.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tokenbroker::api {

// What reading the configuration anew came to. With mistakes nothing was changed.
struct ReloadReply {
    std::vector<std::string> changed;  // for people, one line each: "account rossum-prod: added"
    std::vector<std::string> restart_needed;  // "socket.mode"
    std::vector<std::string> warnings;
    std::vector<Mistake> mistakes;
};

struct UserGroups {
    gid_t primary;
    std::vector<gid_t> supplementary;
};

// What admins may ask of the process as a whole. The daemon does it.
class Administration {
public:
    virtual ~Administration() = default;
    virtual boost::asio::awaitable<ReloadReply> reload() = 0;
    // The groups of a user who is not connected, for `tokenctl access --as-uid`; by a name service,
    // so it may take long. None where it can't be told.
    virtual boost::asio::awaitable<std::optional<UserGroups>> groups_of(uid_t) {
        co_return std::nullopt;
    }
};

}  // namespace tokenbroker::api
