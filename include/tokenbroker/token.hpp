#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tokenbroker::client {

using Milliseconds = std::chrono::milliseconds;
// Milliseconds, as the clock's own nanoseconds end in the year 2262.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Milliseconds>;

inline TimePoint wall_time() {
    return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}

// One access token as the daemon handed it out.
struct Token {
    std::string account;
    std::string access_token;
    std::string token_type;  // "Bearer" or "custom"
    // What a request to the upstream must carry: header_name + ": " + header_value.
    std::string header_name;
    std::string header_value;
    TimePoint issued_at;
    std::optional<TimePoint> expires_at;  // none: it does not expire
    std::string expiry_source;            // "stated", "requested", "assumed" or "none"
    std::uint64_t generation = 0;         // grows whenever the account's token changes
    std::string json;                     // the answer as it came

    [[nodiscard]] bool expired(TimePoint now = wall_time()) const noexcept {
        return expires_at && now >= *expires_at;
    }
};

struct GetOptions {
    GetOptions() = default;
    GetOptions(Milliseconds least_life, std::optional<Milliseconds> longest_wait)
        : min_ttl(least_life), wait(longest_wait) {}

    Milliseconds min_ttl{0};  // the token must live at least this long from now
    std::optional<Milliseconds>
        wait;  // for a token that is not there yet, 60 s at most; none: the daemon's 5 s
};

struct Options {
    Options() = default;
    explicit Options(std::string path) : socket(std::move(path)) {}

    std::string socket;  // empty: default_socket()
    Milliseconds connect_timeout{
        5'000};  // a daemon whose backlog is full is asked again until then
    Milliseconds answer_timeout{
        10'000};  // for the whole answer, beyond the `wait` that was asked for
    Milliseconds stream_silence{
        45'000};  // a stream that is silent this long (heartbeat: 15 s) is lost
    Milliseconds reconnect_initial{
        100};  // a watch's pause after a loss; doubled each time, plus up to a half of it
    Milliseconds reconnect_max{5'000};
};

// $TOKENBROKER_SOCKET, else /run/tokenbroker/tokenbroker.sock.
std::string default_socket();

}  // namespace tokenbroker::client
