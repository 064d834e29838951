#pragma once

#include "base/time.hpp"
#include "sandbox/message.hpp"

#include <boost/json/object.hpp>

#include <deque>
#include <string>
#include <string_view>

namespace tokenbroker::sandbox {

// What the stand-in was asked, for tests that prove a budget. Endpoints are named "rossum.login"
// and so on.
class Journal {
public:
    // `retry_after`: what the header of that name said; empty: there was none.
    void record(std::string_view endpoint, std::string_view account, Outcome outcome, int status,
                std::string_view retry_after, Moment now);
    void forget() { entries_.clear(); }

    // { "endpoints": { NAME: COUNT }, "accounts": { NAME: { ENDPOINT: COUNT } } } with
    // COUNT = { "requests", "ok", "refused", "throttled", "failed", "at": [Unix seconds with
    // milliseconds] }.
    [[nodiscard]] boost::json::object counts() const;
    // { "events": [ { "at", "steady", "endpoint", "account", "outcome", "status" } ] }, oldest
    // first; "retry_after" where the answer had one.
    [[nodiscard]] boost::json::object events() const;

private:
    struct Entry {
        std::string endpoint;
        std::string account;
        Outcome outcome;
        int status;
        std::string retry_after;
        Moment at;
    };
    // More than any test asks; the oldest are forgotten beyond it.
    static constexpr std::size_t most = 200'000;
    std::deque<Entry> entries_;
};

// Unix time in seconds, with its milliseconds.
double unix_seconds(WallTime time);

}  // namespace tokenbroker::sandbox
