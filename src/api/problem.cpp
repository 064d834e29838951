#include "api/problem.hpp"

#include "api/account_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace tokenbroker::api {
namespace {

namespace json = boost::json;

// Whole seconds, rounded up, at least 1.
std::string retry_after(Milliseconds delay) {
    const auto seconds =
        std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(delay).count());
    return "Retry-After: " + std::to_string(seconds) + "\r\n";
}

Problem problem(unsigned status, std::string_view name, std::string_view title,
                std::string detail) {
    return {status, name, title, std::move(detail), {}, {}};
}

}  // namespace

std::string Problem::json() const {
    json::object object;
    object["type"] = "/problems/" + std::string(name);
    object["title"] = title;
    object["status"] = status;
    object["detail"] = detail;
    for (const auto& member : members)
        object.insert(member);
    return json::serialize(object);
}

Answer Problem::answer() const {
    return {status, "application/problem+json", headers, json(), nullptr};
}

Problem bad_request(std::string detail) {
    return problem(400, "bad-request", "The request does not parse", std::move(detail));
}

Problem access_denied(std::string_view account, std::uint32_t uid, std::string detail) {
    Problem denied = problem(403, "access-denied", "Access denied", std::move(detail));
    if (!account.empty()) denied.members["account"] = account;
    denied.members["peer"] = json::object{{"uid", uid}};
    return denied;
}

Problem unknown_account(std::string_view account) {
    Problem unknown = problem(404, "unknown-account", "No such account",
                              "there is no account of this name in the configuration");
    unknown.members["account"] = account;
    return unknown;
}

Problem not_found() {
    return problem(404, "not-found", "No such path", "there is nothing at this path");
}

Problem method_not_allowed(std::string_view allowed) {
    Problem refused = problem(405, "method-not-allowed", "Method not allowed",
                              "this path takes " + std::string(allowed));
    refused.headers = "Allow: " + std::string(allowed) + "\r\n";
    return refused;
}

Problem request_timeout(std::string detail) {
    return problem(408, "request-timeout", "The request took too long", std::move(detail));
}

Problem length_required() {
    return problem(411, "length-required", "A body is required",
                   "the request needs a body with Content-Length, or a chunked one");
}

Problem content_too_large(std::size_t longest) {
    return problem(413, "content-too-large", "The body is too large",
                   "a body may have " + std::to_string(longest) + " bytes");
}

Problem header_too_large(std::size_t longest) {
    return problem(431, "header-too-large", "The head is too large",
                   "request line and headers may have " + std::to_string(longest) + " bytes");
}

Problem misdirected(std::string_view host) {
    Problem refused =
        problem(421, "misdirected-request", "Not the host that was asked for",
                "on a loopback address the Host header must name localhost or that address");
    refused.members["host"] = host;
    return refused;
}

Problem too_many_waiting(std::string_view account) {
    Problem full = problem(503, "too-many-waiting", "Too many calls wait for this account",
                           "the limit of waiting calls is reached, or this user's share of it");
    full.members["account"] = account;
    full.headers = retry_after(Milliseconds(1000));
    return full;
}

Problem too_many_connections() {
    Problem full = problem(503, "too-many-connections", "Too many connections",
                           "the limit of connections is reached, or this user's share of it");
    full.headers = retry_after(Milliseconds(1000));
    return full;
}

Problem configuration(const std::vector<Mistake>& mistakes) {
    Problem refused = problem(422, "configuration", "The configuration has mistakes",
                              "nothing was changed; the running configuration stays");
    json::array list;
    for (const Mistake& mistake : mistakes) {
        list.push_back(json::object{{"file", mistake.place.file},
                                    {"line", mistake.place.line},
                                    {"column", mistake.place.column},
                                    {"message", mistake.message}});
    }
    refused.members["mistakes"] = std::move(list);
    return refused;
}

broker::NoToken stopping() {
    return {broker::Denial::stopping, "the daemon stops", std::nullopt};
}

Problem no_token(const broker::NoToken& reply, const broker::AccountStatus& status) {
    using broker::Denial;
    switch (reply.why) {
        case Denial::min_ttl_too_long:
        case Denial::unknown_generation:
            return bad_request(reply.detail);
        case Denial::no_revoke:
            return problem(409, "no-revoke", "The recipe can't revoke tokens", reply.detail);
        case Denial::removed:
            return unknown_account(status.account);
        case Denial::throttled:
        case Denial::unavailable:
        case Denial::stopping:
            break;
    }
    Problem none = reply.why == Denial::throttled
                       ? problem(503, "login-throttled", "No login is allowed now", reply.detail)
                       : problem(503, "token-unavailable", "No token now", reply.detail);
    none.members["account"] = status.account;
    none.members["login"] = login_brief_json(status);
    std::optional<Milliseconds> retry = reply.retry_after;
    if (reply.why == Denial::stopping) retry = Milliseconds(1000);
    if (retry) none.headers = retry_after(*retry);
    return none;
}

}  // namespace tokenbroker::api
