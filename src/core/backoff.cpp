#include "core/backoff.hpp"

#include <algorithm>
#include <chrono>

namespace tokenbroker::core {
namespace {

constexpr Milliseconds longest_unsent_wait = std::chrono::seconds(30);

}  // namespace

Milliseconds Backoff::step(unsigned failures) const noexcept {
    const Milliseconds top = std::max(max, shortest_wait);
    Milliseconds wait = std::clamp(initial, shortest_wait, top);
    for (unsigned n = 1; n < failures && wait < top; ++n) {
        const double next = static_cast<double>(wait.count()) * std::max(factor, 1.0);
        const auto longest = static_cast<double>(top.count());
        const Milliseconds grown(static_cast<Milliseconds::rep>(std::min(next, longest)));
        if (grown == wait) break;  // factor 1: it never grows
        wait = grown;
    }
    return wait;
}

Milliseconds throttled_wait(const Backoff& ladder, unsigned failures, double u) noexcept {
    const Milliseconds step = ladder.step(failures);
    const double extra = std::clamp(u, 0.0, 1.0) * static_cast<double>(step.count()) / 4;
    return step + Milliseconds(static_cast<Milliseconds::rep>(extra));
}

Milliseconds capped_retry_after(Milliseconds stated) noexcept {
    return std::clamp(stated, shortest_wait, longest_retry_after);
}

Milliseconds unsent_wait(unsigned failures) noexcept {
    Milliseconds wait = shortest_wait;
    for (unsigned n = 1; n < failures && wait < longest_unsent_wait; ++n)
        wait *= 2;
    return std::min(wait, longest_unsent_wait);
}

Milliseconds fault_wait(const Backoff& ladder, unsigned failures,
                        std::optional<Milliseconds> token_left) noexcept {
    const Milliseconds wait = ladder.step(failures);
    return token_left ? std::max(wait, *token_left / 8) : wait;
}

}  // namespace tokenbroker::core
