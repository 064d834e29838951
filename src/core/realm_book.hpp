#pragma once

#include "base/time.hpp"
#include "core/budget.hpp"

#include <compare>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace tokenbroker::core {

// A window of `per` is closed at both ends: the next login comes just after it.
inline constexpr Milliseconds just_after{1};

// Who goes first where a realm's logins are short: accounts with waiting calls, then those without
// a token, then by earliest expiry (boot time, of those with a token).
struct Priority {
    bool calls_wait = false;
    bool has_token = false;
    BootTime expiry{};

    bool operator==(const Priority&) const = default;
    // Less is sooner.
    std::strong_ordering operator<=>(const Priority& other) const noexcept;
};

// Logins of one account or one realm in a sliding window. A login counts from its record until
// `per` after its end, since the upstream may have seen it at any instant in between.
class Window {
public:
    void begin(Cause cause) noexcept { ++running(cause); }
    void end(Cause cause, BootTime when);
    void refund(Cause cause) noexcept;
    // One that began and ended earlier; in any order.
    void add(Cause cause, BootTime ended);
    // All before `when` but the newest `kept`.
    void forget_before(BootTime when, std::size_t kept);

    // When a login of this cause is within the budget if `ahead` others go first; `now` where it
    // is already. Where that hangs on logins that are still to come, the earliest that it can be.
    [[nodiscard]] BootTime earliest(const Budget& budget, Cause cause, unsigned ahead,
                                    BootTime now) const;
    [[nodiscard]] unsigned used(Milliseconds per, BootTime now) const;
    [[nodiscard]] unsigned used_since(BootTime when) const;
    [[nodiscard]] unsigned running() const noexcept { return need_running_ + share_running_; }

private:
    unsigned& running(Cause cause) noexcept {
        return cause == Cause::need ? need_running_ : share_running_;
    }

    std::deque<BootTime> all_;    // ends, ascending
    std::deque<BootTime> share_;  // those of causes client and admin
    unsigned need_running_ = 0;
    unsigned share_running_ = 0;
};

// One realm: the accounts that share an upstream's login throttle.
struct RealmBook {
    Budget budget = default_realm_budget;
    Window window;
    Milliseconds longest{};  // of the windows that it had
    std::optional<BootTime> last_start;
    std::optional<BootTime> not_before;
    unsigned throttles = 0;  // in a row; above 0, logins go one at a time
    std::set<std::pair<Priority, std::string>> queue;

    void forget_old(BootTime now);
    // How many of the queue go before this one.
    [[nodiscard]] unsigned ahead_of(const std::pair<Priority, std::string>& place) const;
    // When budget and pace let a login in. Until a quarter of the budget is used logins follow each
    // other at once, then spaced as the budget has them over its window, a second at most. With
    // `lost_until`, always spaced (the ledger before it could not be read).
    [[nodiscard]] BootTime within_budget(Cause cause, unsigned ahead,
                                         std::optional<BootTime> lost_until, BootTime now) const;
    // When the upstream's throttle lets one in; `now` where it does. After a throttle, until a
    // login was let in, one at a time.
    [[nodiscard]] BootTime past_throttle(unsigned ahead, BootTime now) const;
};

}  // namespace tokenbroker::core
