#pragma once

#include "base/account_name.hpp"
#include "base/time.hpp"
#include "broker/published.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tokenbroker::core {
class AllowList;
}

// What the rooms above the broker (api, sinks) see of it. Implemented by broker::Broker, and by a
// fake in the tests of those rooms.
namespace tokenbroker::broker {

// Why a call gets no token.
enum class Denial {
    unavailable,         // no valid token within `wait`                  -> 503 token-unavailable
    throttled,           // the share of cause client or admin is spent   -> 503 login-throttled
    min_ttl_too_long,    // no new token would live that long             -> 400
    unknown_generation,  // newer than any issued                         -> 400
    no_revoke,           // the recipe has no revoke steps                -> 409
    removed,             // the account left the configuration            -> 404
    stopping,            // the daemon stops                              -> 503, Retry-After: 1
};

struct NoToken {
    NoToken(Denial reason, std::string text, std::optional<Milliseconds> retry)
        : why(reason), detail(std::move(text)), retry_after(retry) {}
    Denial why;
    std::string detail;  // one sentence for people, without secrets
    std::optional<Milliseconds> retry_after;
};
using TokenReply = std::variant<PublishedToken, NoToken>;

// What an admin's request came to within its `wait`.
enum class AdminOutcome { accepted, done };  // 202, 200
using AdminReply = std::variant<AdminOutcome, NoToken>;

// The words of http-api.md, typed. What a field is for is said there.
struct LastError {
    std::string kind;  // refused, throttled, unavailable, unexpected, misconfigured
    std::string step;
    std::optional<int> status;
    std::string message;  // masked, at most 200 characters
    WallTime at;
};
struct AccountStatus {
    std::string account;
    std::string recipe;
    std::string upstream;  // base URL

    bool on_demand = false;   // logs in when it is asked, and not before
    std::string token_state;  // none, valid, expired
    std::optional<WallTime> issued_at;
    std::optional<WallTime> expires_at;
    std::string expiry_source;
    std::optional<std::uint64_t> generation;
    std::optional<WallTime> refresh_at;
    std::optional<std::string>
        token_note;  // "the exchange failed for good; the login's token is served"

    std::string login_state;                 // idle, in_progress, backing_off, throttled, suspended
    std::optional<std::string> waiting_for;  // upstream, account_budget, realm_budget
    unsigned consecutive_failures = 0;
    std::optional<WallTime> last_attempt_at;
    std::optional<LastError> last_error;
    std::optional<WallTime> retry_at;
    unsigned budget_limit = 0;
    Milliseconds budget_per{};
    unsigned budget_left = 0;

    struct Sink {
        std::string path;
        std::string state;  // ok, pending, failed, removed
        std::optional<std::string> last_error;
        std::optional<std::string> last_command;  // outcome of `then`
        std::uint64_t failures = 0;               // writes and commands, since the start
    };
    std::vector<Sink> sinks;
};

// One running account. Held by shared_ptr: a call that waits keeps it over a reload that removes
// it.
class AccountFace {
public:
    virtual ~AccountFace() = default;

    [[nodiscard]] virtual const AccountName& name() const = 0;
    // Who may use it, and a number that changes whenever that does (an access decision is kept
    // under it).
    [[nodiscard]] virtual const core::AllowList& allow() const = 0;
    [[nodiscard]] virtual std::uint64_t access_revision() const = 0;
    [[nodiscard]] virtual bool removed() const = 0;

    // The token to serve now, or null: never one that has expired. The hot path: no allocation.
    [[nodiscard]] virtual PublishedToken current() = 0;
    // A number that changes with every publication and every loss of a token.
    [[nodiscard]] virtual std::uint64_t revision() const = 0;
    // Until revision() is another than `seen`, or the account is removed or the daemon stops.
    virtual boost::asio::awaitable<void> changed(std::uint64_t seen) = 0;

    // GET .../token where current() will not do: asks for a login where that is due and waits.
    virtual boost::asio::awaitable<TokenReply> get(Milliseconds min_ttl, Milliseconds wait) = 0;
    // POST .../token/rejected
    virtual boost::asio::awaitable<TokenReply> rejected(std::uint64_t generation,
                                                        Milliseconds wait) = 0;

    virtual boost::asio::awaitable<AdminReply> refresh(Milliseconds wait) = 0;
    virtual boost::asio::awaitable<AdminReply> resume(bool clear_throttle, Milliseconds wait) = 0;
    virtual boost::asio::awaitable<AdminReply> revoke(Milliseconds wait) = 0;

    [[nodiscard]] virtual AccountStatus status() const = 0;
    // A number that changes with what happens to the account: its status may be another one.
    [[nodiscard]] virtual std::uint64_t status_revision() const = 0;
};
using AccountHandle = std::shared_ptr<AccountFace>;

class BrokerFace {
public:
    virtual ~BrokerFace() = default;

    [[nodiscard]] virtual AccountHandle find(
        std::string_view account) const = 0;                                // null: no such account
    [[nodiscard]] virtual std::vector<AccountHandle> accounts() const = 0;  // ordered by name
    [[nodiscard]] virtual const core::AllowList& admins() const = 0;
    // Changes with the configuration: `admin` lines, the set of accounts.
    [[nodiscard]] virtual std::uint64_t access_revision() const = 0;
    // Every account has been loaded from its sealed token.
    [[nodiscard]] virtual bool loaded() const = 0;
};

}  // namespace tokenbroker::broker
