#pragma once

#include "base/time.hpp"
#include "sandbox/message.hpp"
#include "sandbox/settings.hpp"

#include <boost/json/value.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::sandbox {

// Lets `limit` through in any window of `per`, counted in steady time.
class Window {
public:
    // None: counted and let through. Else how long until the next would be.
    std::optional<Milliseconds> enter(BootTime now, unsigned limit, Milliseconds per);

private:
    std::deque<BootTime> entered_;
};

// The throttle of login endpoints, of which vendors say that it is there and little else.
class LoginThrottle {
public:
    explicit LoginThrottle(const Settings& settings) : settings_(settings) {}

    // None: the login may go on. Else what the caller is told; `error` is the vendor's JSON body
    // for 403 and 429.
    std::optional<Answer> enter(std::string_view vendor, std::string_view account,
                                const boost::json::value& error, Moment now);
    void forget();

private:
    const Settings& settings_;
    std::map<std::string, Window> windows_;
    std::map<std::string, BootTime> blocked_until_;
};

}  // namespace tokenbroker::sandbox
