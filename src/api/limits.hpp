#pragma once

#include "base/time.hpp"

#include <cstddef>

namespace tokenbroker::api {

// What one peer, and all peers together, may take. The first block is configurable (`limits` in the
// configuration), the second is not.
struct Limits {
    std::size_t connections = 4096;
    std::size_t waiting = 1024;  // calls that wait for a token, an account
    std::size_t head = std::size_t{8} * 1024;
    std::size_t body = std::size_t{16} * 1024;
    Milliseconds head_timeout = std::chrono::seconds(10);
    Milliseconds idle = std::chrono::minutes(5);

    Milliseconds body_timeout = std::chrono::seconds(10);
    Milliseconds drain_timeout = std::chrono::seconds(10);
    Milliseconds heartbeat = std::chrono::seconds(15);
    Milliseconds accept_pause = Milliseconds(100);  // after running out of descriptors
    Milliseconds stop_drain = std::chrono::seconds(1);
    Milliseconds longest_wait = std::chrono::seconds(60);
    Milliseconds default_wait = std::chrono::seconds(5);
    unsigned pipelined = 16;  // answers of one connection in one turn

    // Of each limit, what one uid may take: three quarters, at least one.
    [[nodiscard]] static constexpr std::size_t share(std::size_t all) {
        return all < 2 ? all : all * 3 / 4;
    }
};

}  // namespace tokenbroker::api
