#pragma once

#include "async/clock.hpp"

#include <algorithm>
#include <string>

namespace tokenbroker::upstream {

// When a wait on the network ends, and the words for it.
class Deadline {
public:
    // `clock` outlives it.
    Deadline(const async::Clock& clock, Milliseconds whole)
        : clock_(&clock), at_(saturating_add(clock.now().boot, whole)), allowed_(whole) {}

    // `phase` from now, but never after this one.
    [[nodiscard]] Deadline sooner(Milliseconds phase) const {
        const Deadline own(*clock_, phase);
        return own.at_ < at_ ? own : *this;
    }

    [[nodiscard]] BootTime at() const noexcept { return at_; }
    [[nodiscard]] Milliseconds left() const {
        return std::max(at_ - clock_->now().boot, Milliseconds::zero());
    }
    // "not done within 30s".
    [[nodiscard]] std::string words() const {
        return "not done within " + format_duration(allowed_);
    }

private:
    const async::Clock* clock_;
    BootTime at_;
    Milliseconds allowed_;
};

}  // namespace tokenbroker::upstream
