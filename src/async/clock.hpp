#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <functional>

namespace tokenbroker::async {

// The one source of time for everything that runs. host/ has the real one (CLOCK_BOOTTIME by
// timerfd), tests one that they move by hand.
class Clock {
public:
    using AlarmId = std::uint64_t;

    virtual ~Clock() = default;
    [[nodiscard]] virtual Moment now() const = 0;

    // Calls `wake` once, from the event loop and never from inside set_alarm(), as soon as boot
    // time has reached `when`. The caller cancels it before what `wake` refers to goes away.
    virtual AlarmId set_alarm(BootTime when, std::function<void()> wake) = 0;
    // Of an alarm that has rung or was cancelled: does nothing.
    virtual void cancel_alarm(AlarmId id) = 0;
};

}  // namespace tokenbroker::async
