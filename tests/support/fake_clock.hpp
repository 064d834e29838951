#pragma once

#include "async/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace tokenbroker::support {

// A clock that stands still until a test moves it. Alarms ring through the loop, in order of time.
class FakeClock final : public async::Clock {
public:
    explicit FakeClock(boost::asio::io_context& loop) : loop_(loop) {}

    [[nodiscard]] Moment now() const override { return now_; }

    AlarmId set_alarm(BootTime when, std::function<void()> wake) override {
        const AlarmId id = ++last_id_;
        alarms_.emplace(id, Alarm{when, std::move(wake)});
        if (when <= now_.boot) ring(id);
        return id;
    }
    void cancel_alarm(AlarmId id) override { alarms_.erase(id); }

    // Runs the loop until it has nothing left to do at this instant, nor has who waits beside it.
    void settle() {
        do {
            loop_.restart();
            while (loop_.poll() > 0)
                loop_.restart();
        } while (beside_ && beside_());
    }
    // Of what is not Asio's: takes a turn, and tells whether it had anything to do.
    void settle_too(std::function<bool()> beside) { beside_ = std::move(beside); }

    // Moves both clocks, stopping at each alarm on the way so that what it wakes sees its own time.
    void advance(Milliseconds by) {
        const BootTime end = now_.boot + by;
        settle();
        while (true) {
            const BootTime next = earliest();
            if (next > end) break;
            move_to(next);
            settle();
        }
        move_to(end);
        settle();
    }
    // As a suspended or stopped machine: time has passed, and nothing woke on the way.
    void leap(Milliseconds by) {
        move_to(now_.boot + by);
        settle();
    }
    // As `date -s`: the wall clock alone.
    void step_wall(Milliseconds by) { now_.wall += by; }

    // When the next sleeper wakes; BootTime::max() where nobody sleeps.
    [[nodiscard]] BootTime earliest() const {
        BootTime first = BootTime::max();
        for (const auto& [id, alarm] : alarms_)
            first = std::min(first, alarm.when);
        return first;
    }
    [[nodiscard]] std::size_t sleepers() const { return alarms_.size(); }

private:
    struct Alarm {
        BootTime when;
        std::function<void()> wake;
    };

    void move_to(BootTime time) {
        if (time > now_.boot) {
            now_.wall += time - now_.boot;
            now_.boot = time;
        }
        std::vector<std::pair<BootTime, AlarmId>> due;
        for (const auto& [id, alarm] : alarms_) {
            if (alarm.when <= now_.boot) due.emplace_back(alarm.when, id);
        }
        std::sort(due.begin(), due.end());
        for (const auto& [when, id] : due)
            ring(id);
    }
    void ring(AlarmId id) {
        boost::asio::post(loop_, [this, id] {
            const auto alarm = alarms_.extract(id);
            if (!alarm.empty()) alarm.mapped().wake();
        });
        // Rung once: it no longer counts as a sleeper.
        if (const auto alarm = alarms_.find(id); alarm != alarms_.end())
            alarm->second.when = BootTime::max();
    }

    boost::asio::io_context& loop_;
    std::function<bool()> beside_;
    Moment now_{WallTime(std::chrono::seconds(1'795'305'600)), BootTime(std::chrono::hours(1))};
    std::map<AlarmId, Alarm> alarms_;
    AlarmId last_id_ = 0;
};

}  // namespace tokenbroker::support
