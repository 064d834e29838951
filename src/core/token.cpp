#include "core/token.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tokenbroker::core {

Milliseconds untold(WallTime expiry) noexcept {
    return expiry - std::chrono::floor<std::chrono::seconds>(expiry);
}

std::uint64_t next_generation(std::uint64_t last, WallTime now) noexcept {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    return std::max(last + 1, seconds > 0 ? static_cast<std::uint64_t>(seconds) : 0);
}

TokenClock TokenClock::issued(const IssuedToken& token, std::uint64_t last_generation,
                              double jitter, const std::string& boot_id, Moment now) {
    TokenClock clock;
    TokenTimes& times = clock.times_;
    times.generation = next_generation(last_generation, now.wall);
    times.first_generation = times.generation;
    times.issued_boot = token.started.boot;
    // Not started.wall: the wall clock may have been set while the request was under way.
    times.issued_at = now.wall - (now.boot - token.started.boot);
    times.boot_id = boot_id;
    times.source = token.source;
    times.jitter = jitter;
    if (token.lifetime) {
        times.lifetime = std::min(*token.lifetime, forever);
        times.expires_at = saturating_add(times.issued_at, *times.lifetime);
        times.expires_boot = saturating_add(times.issued_boot, *times.lifetime);
    } else if (token.expires_at) {
        times.expires_at = token.expires_at;
        times.expires_boot = saturating_add(now.boot, *token.expires_at - now.wall);
    } else {
        times.source = ExpirySource::none;
    }
    return clock;
}

TokenClock TokenClock::loaded(TokenTimes times, const std::string& boot_id, Moment now) {
    TokenClock clock;
    const bool this_boot = times.boot_id == boot_id && times.issued_boot <= now.boot;
    clock.times_ = std::move(times);
    if (this_boot) return clock;
    TokenTimes& moved = clock.times_;
    clock.known_ = Known{moved.issued_at, moved.expires_at};
    // Negative where the clock says that it is not issued yet.
    const Milliseconds age = std::clamp(now.wall - moved.issued_at, -forever, forever);
    moved.boot_id = boot_id;
    moved.issued_boot = saturating_add(now.boot, -age);
    if (moved.expires_at) {
        const Milliseconds left =
            std::min(*moved.expires_at - now.wall, *moved.expires_at - moved.issued_at);
        moved.expires_boot = saturating_add(now.boot, left);
    }
    moved.lifetime.reset();  // from here on the wall clock says when it ends
    return clock;
}

Milliseconds TokenClock::left(Moment now) const noexcept {
    Milliseconds least = forever;
    if (times_.expires_at) least = std::min(least, *times_.expires_at - now.wall);
    if (times_.expires_boot) least = std::min(least, *times_.expires_boot - now.boot);
    if (times_.expires_at) least -= untold(*times_.expires_at);
    return std::max(least, Milliseconds::zero());
}

Milliseconds TokenClock::age(Moment now) const noexcept {
    return std::max(now.boot - times_.issued_boot, Milliseconds::zero());
}

Milliseconds TokenClock::life() const noexcept {
    if (times_.lifetime) return *times_.lifetime;
    if (!times_.expires_at) return forever;
    return std::clamp(*times_.expires_at - times_.issued_at, Milliseconds::zero(), forever);
}

std::optional<TokenClock> TokenClock::reanchored(std::uint64_t last_generation, Moment now) const {
    TokenClock moved = *this;
    TokenTimes& times = moved.times_;
    if (known_ && times.issued_boot > now.boot && now.wall >= known_->issued_at) {
        // Loaded under a clock that stood in the past, which has been mended.
        times.issued_boot = saturating_add(now.boot, -(now.wall - known_->issued_at));
    }
    times.issued_at = saturating_add(now.wall, -(now.boot - times.issued_boot));
    if (times.lifetime) times.expires_at = saturating_add(times.issued_at, *times.lifetime);
    if (known_) {
        times.issued_at = std::min(times.issued_at, known_->issued_at);
        if (known_->expires_at && times.source != ExpirySource::stated) {
            times.expires_at = std::min(*known_->expires_at,
                                        saturating_add(now.wall, *times.expires_boot - now.boot));
        }
    }
    const auto differs = [](WallTime left, WallTime right) {
        return left - right >= std::chrono::seconds(1) || right - left >= std::chrono::seconds(1);
    };
    const bool same_expiry = !times.expires_at || !differs(*times.expires_at, *times_.expires_at);
    if (same_expiry && !differs(times.issued_at, times_.issued_at)) return std::nullopt;
    times.generation = next_generation(last_generation, now.wall);
    return moved;
}

}  // namespace tokenbroker::core
