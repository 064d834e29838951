#include "core/refresh_policy.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tokenbroker::core {
namespace {

constexpr Milliseconds minute = std::chrono::minutes(1);
// What the refresh and its one retry may take by themselves.
constexpr Milliseconds two_requests = std::chrono::seconds(2);

Milliseconds times(double factor, Milliseconds span) noexcept {
    return Milliseconds(std::llround(factor * static_cast<double>(span.count())));
}

}  // namespace

Milliseconds refresh_lead(const RefreshPolicy& policy, Milliseconds life, double u,
                          Milliseconds retry) {
    if (life <= Milliseconds::zero()) return Milliseconds::zero();
    const double widest = 1 - policy.at + policy.jitter;
    Milliseconds lead = Milliseconds::zero();
    if (widest > 0) {
        const Milliseconds full = std::min(policy.max_lead, times(widest, life));
        lead = times(1 - u * policy.jitter / widest, full);
    }
    if (life < minute) {
        const Milliseconds enough = std::min(life / 2, retry + two_requests);
        lead = std::max(lead, enough + times((1 - u) * policy.jitter, life));
    }
    return std::clamp(lead, Milliseconds::zero(), life);
}

std::optional<Milliseconds> until_refresh(const RefreshPolicy& policy, const TokenClock& token,
                                          Milliseconds retry, Moment now) {
    if (!token.times().expires_at) return std::nullopt;
    const Milliseconds lead = refresh_lead(policy, token.life(), token.times().jitter, retry);
    return std::max(token.left(now) - lead, Milliseconds::zero());
}

}  // namespace tokenbroker::core
