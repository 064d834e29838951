#include "sandbox/throttle.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace tokenbroker::sandbox {

namespace {

// Never early: a client that comes back after exactly this long is let in.
std::string whole_seconds(Milliseconds wait) {
    return std::to_string(std::max<long long>(1, (wait.count() + 999) / 1000));
}

Answer refusal(const std::string& form, Milliseconds wait, const boost::json::value& error,
               Moment now) {
    Response response = json_response(429, error);
    if (form == "seconds") {
        response.headers.emplace_back("Retry-After", whole_seconds(wait));
    } else if (form == "date") {
        // A date has whole seconds: rounded up, so that it is never early.
        response.headers.emplace_back(
            "Retry-After", format_http_date(saturating_add(now.wall, wait + Milliseconds(999))));
    } else if (form == "unavailable") {
        response.status = 503;
        response.headers.emplace_back("Retry-After", whole_seconds(wait));
    } else if (form == "keyless") {
        response = json_response(200, boost::json::object());
    } else if (form == "forbidden") {
        response.status = 403;
    } else if (form == "html") {
        response = Response{
            200, {{"Content-Type", "text/html"}}, "<html><body><h1>Slow down</h1></body></html>\n"};
    }
    return Answer{std::move(response), Outcome::throttled};
}

}  // namespace

std::optional<Milliseconds> Window::enter(BootTime now, unsigned limit, Milliseconds per) {
    while (!entered_.empty() && entered_.front() + per <= now)
        entered_.pop_front();
    if (entered_.size() < limit) {
        entered_.push_back(now);
        return std::nullopt;
    }
    if (entered_.empty()) return per;
    return entered_[entered_.size() - limit] + per - now;
}

std::optional<Answer> LoginThrottle::enter(std::string_view vendor, std::string_view account,
                                           const boost::json::value& error, Moment now) {
    if (settings_.throttle_logins == 0) return std::nullopt;
    std::string key(vendor);
    if (settings_.throttle_scope == "account") key.append("/").append(account);

    const auto block = blocked_until_.find(key);
    if (block != blocked_until_.end() && now.boot < block->second) {
        return refusal(settings_.throttle_answer, block->second - now.boot, error, now);
    }
    auto wait = windows_[key].enter(now.boot, settings_.throttle_logins, settings_.throttle_per);
    if (!wait) return std::nullopt;
    if (settings_.throttle_block > Milliseconds::zero()) {
        wait = settings_.throttle_block;
        blocked_until_.insert_or_assign(key, saturating_add(now.boot, *wait));
    }
    return refusal(settings_.throttle_answer, *wait, error, now);
}

void LoginThrottle::forget() {
    windows_.clear();
    blocked_until_.clear();
}

}  // namespace tokenbroker::sandbox
