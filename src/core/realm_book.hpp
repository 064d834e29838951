#pragma once

#include "base/time.hpp"
#include "core/budget.hpp"

#include <compare>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::core {

// Who goes first where a realm's logins are short: accounts with waiting calls, then those without
// a token, then by earliest expiry. `expiry` is the boot time at which the token ends; the far past
// where there is none.
struct Priority {
    bool calls_wait = false;
    bool has_token = false;
    BootTime expiry{};

    // Less is sooner.
    std::strong_ordering operator<=>(const Priority& other) const noexcept;
    bool operator==(const Priority&) const = default;
};

// Logins of one account or one realm in a sliding window. A login counts from its record until
// `per` after its end, since the upstream may have seen it at any instant in between.
class Window {
public:
    void begin(Cause cause) noexcept { ++(cause == Cause::need ? need_running_ : share_running_); }
    void end(Cause cause, BootTime when);  // ends never come out of order
    void refund(Cause cause) noexcept;
    void restore(Cause cause, BootTime when);  // while loading, in any order
    void forget_before(BootTime when);

    // When a login of this cause is within the budget if `ahead` others go first; `now` where it is
    // already.
    [[nodiscard]] BootTime earliest(const Budget& budget, Cause cause, unsigned ahead,
                                    BootTime now) const;
    // Logins of any cause that are left at `now`.
    [[nodiscard]] unsigned left(const Budget& budget, BootTime now) const;
    [[nodiscard]] unsigned used(Milliseconds per, BootTime now) const;
    [[nodiscard]] unsigned running() const noexcept { return need_running_ + share_running_; }
    [[nodiscard]] bool idle() const noexcept { return running() == 0 && all_.empty(); }

private:
    std::deque<BootTime> all_;    // ends, ascending
    std::deque<BootTime> share_;  // of causes client and admin
    unsigned need_running_ = 0;
    unsigned share_running_ = 0;
};

}  // namespace tokenbroker::core
