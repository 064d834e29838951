#pragma once

#include "base/time.hpp"

#include <optional>

namespace tokenbroker::core {

// A ladder of waits: initial, initial x factor, ... up to max. Nothing in it is ever under a
// second.
struct Backoff {
    Milliseconds initial = std::chrono::seconds(15);
    double factor = 4;
    Milliseconds max = std::chrono::hours(1);

    bool operator==(const Backoff&) const = default;
    // The wait after the n-th failure in a row, n from 1.
    [[nodiscard]] Milliseconds step(unsigned failures) const noexcept;
};
inline constexpr Backoff default_throttled_backoff{std::chrono::minutes(5), 3,
                                                   std::chrono::hours(6)};

inline constexpr Milliseconds shortest_wait = std::chrono::seconds(1);
inline constexpr Milliseconds longest_retry_after = std::chrono::hours(24);

// After the n-th throttle in a row that gave no Retry-After: the step and u x a quarter of it, u in
// [0, 1).
Milliseconds throttled_wait(const Backoff& ladder, unsigned failures, double u) noexcept;
// A Retry-After as it is honoured: at least a second, at most 24 h.
Milliseconds capped_retry_after(Milliseconds stated) noexcept;
// After the n-th fault in a row before a request was sent: 1 s doubling to 30 s.
Milliseconds unsent_wait(unsigned failures) noexcept;
// After the n-th fault in a row that may have cost a login: the ladder, and while a token is valid
// at least an eighth of what is left of it.
Milliseconds fault_wait(const Backoff& ladder, unsigned failures,
                        std::optional<Milliseconds> token_left) noexcept;

}  // namespace tokenbroker::core
