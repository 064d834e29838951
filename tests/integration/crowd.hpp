#pragma once

#include "support/unix_http.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <sys/types.h>

namespace tokenbroker::integration {

// A process of another user that does its worst until it is told to leave.
class Crowd {
public:
    static constexpr uid_t uid = 61001;

    // One go at it; false: nothing is left to do but to stay.
    using Turn = std::function<bool()>;
    // `begin` makes ready and says how to go on; both are run by the process, and count what they
    // did.
    using Count = std::atomic<std::uint64_t>;
    using Begin = std::function<Turn(Count& done)>;
    // Returns once `begin` has.
    explicit Crowd(const Begin& begin);
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;
    // All of it has left when this returns.
    ~Crowd();

    [[nodiscard]] std::uint64_t done() const { return *done_; }

private:
    Count* done_;  // shared with the process
    std::array<int, 2> ready_{};
    std::array<int, 2> leave_{};
    pid_t process_ = -1;
};

// What crowds do, to the daemon at `socket`.
namespace attack {

inline constexpr const char* request = "GET /v1/accounts/rossum/token HTTP/1.1\r\nHost: x\r\n\r\n";

// Opens so many connections, as far as it gets, sends `first` on each, and stays.
Crowd::Begin connections(std::string socket, std::size_t count, std::string first = "");
// The same, and sends nothing more.
Crowd::Begin half_closed(std::string socket, std::size_t count, std::string first);
// Sends `bytes` on `count` connections again and again, as fast as it may, and reads what comes;
// one that is closed is opened anew. Counts answers.
Crowd::Begin flood(std::string socket, std::size_t count, std::string bytes);
// One request in flight on each of `count` connections, each answered by the next request.
Crowd::Begin ask_on_each(std::string socket, std::size_t count);
// `bytes`, a request, on each of `count` connections, and all their answers, again and again:
// nothing is pipelined.
Crowd::Begin one_at_a_time(std::string socket, std::size_t count, std::string bytes);
// A connection for each `bytes`, one after the other.
Crowd::Begin one_shot(std::string socket, std::string bytes);
// `count` connections that get one byte of `bytes` a second.
Crowd::Begin drip(std::string socket, std::size_t count, std::string bytes);

}  // namespace attack

}  // namespace tokenbroker::integration
