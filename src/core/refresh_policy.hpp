#pragma once

#include "base/time.hpp"
#include "core/token.hpp"

#include <optional>

namespace tokenbroker::core {

// behaviour.md 7: when a token is replaced.
struct RefreshPolicy {
    double at = 0.8;       // of the lifetime, in (0, 1]
    double jitter = 0.05;  // of the lifetime, in [0, 1)
    Milliseconds max_lead = std::chrono::hours(7 * 24);

    bool operator==(const RefreshPolicy&) const = default;
};

// How long before its expiry a token of lifetime `life` is replaced; u in [0, 1) was drawn once for
// it. Lifetimes under a minute: early enough for one retry that waits `retry`, at most about half
// of the life.
Milliseconds refresh_lead(const RefreshPolicy& policy, Milliseconds life, double u,
                          Milliseconds retry);

// Until the refresh is due: zero where it is; none for a token that does not expire.
std::optional<Milliseconds> until_refresh(const RefreshPolicy& policy, const TokenClock& token,
                                          Milliseconds retry, Moment now);

}  // namespace tokenbroker::core
