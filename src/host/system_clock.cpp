#include "host/system_clock.hpp"

#include "host/descriptor.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <map>
#include <sys/timerfd.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace tokenbroker::host {
namespace {

namespace asio = boost::asio;

// A sleep that nothing announced is noticed at the next look.
constexpr Milliseconds look_every = std::chrono::seconds(30);
// What two clocks may drift apart between two looks without anybody having set one: slewing (500
// ppm) and rounding stay far below it.
constexpr Milliseconds tolerance = std::chrono::milliseconds(500);
// A look that comes this much too late was made by a process that had been stopped.
constexpr Milliseconds late = std::chrono::seconds(5);

Milliseconds read_clock(clockid_t which) noexcept {
    timespec time{};
    ::clock_gettime(which, &time);
    return std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(time.tv_sec) +
                                                    std::chrono::nanoseconds(time.tv_nsec));
}

int make_timer(clockid_t which) {
    const int timer = ::timerfd_create(which, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer < 0) throw ErrorException(system_error("making a timer", errno));
    return timer;
}

void arm(int timer, Milliseconds when, int flags) noexcept {
    itimerspec setting{};
    setting.it_value.tv_sec = when.count() / 1000;
    setting.it_value.tv_nsec = when.count() % 1000 * 1'000'000;
    // All zeros would disarm it: a time in the past rings at once.
    if (when <= Milliseconds::zero()) setting.it_value = {0, 1};
    ::timerfd_settime(timer, flags, &setting, nullptr);
}

Milliseconds distance(Milliseconds left, Milliseconds right) noexcept {
    return left > right ? left - right : right - left;
}

}  // namespace

Moment read_clocks() noexcept {
    return {WallTime(read_clock(CLOCK_REALTIME)), BootTime(read_clock(CLOCK_BOOTTIME))};
}

Result<std::string> read_boot_id() {
    constexpr const char* path = "/proc/sys/kernel/random/boot_id";
    const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
    if (!file) return system_error(std::string("opening ") + path, errno);
    std::array<char, 36> id{};
    const auto got = ::read(file.get(), id.data(), id.size());
    if (got < 0) return system_error(std::string("reading ") + path, errno);
    if (static_cast<std::size_t>(got) != id.size())
        return Error(Errc::io, std::string(path) + " is too short");
    return std::string(id.data(), id.size());
}

// Its handlers hold it weakly: one that was queued when the clock went away finds nothing.
class SystemClock::Alarms : public std::enable_shared_from_this<Alarms> {
public:
    explicit Alarms(const asio::any_io_executor& loop) : timer_(loop, make_timer(CLOCK_BOOTTIME)) {}

    AlarmId set(BootTime when, std::function<void()> wake) {
        const AlarmId id = ++last_id_;
        const auto place = by_time_.emplace(when, Alarm{id, std::move(wake)});
        by_id_.emplace(id, place);
        arm_earliest();
        return id;
    }

    void cancel(AlarmId id) {
        const auto found = by_id_.find(id);
        if (found == by_id_.end()) return;
        by_time_.erase(found->second);
        by_id_.erase(found);
        arm_earliest();
    }

private:
    struct Alarm {
        AlarmId id = 0;
        std::function<void()> wake;
    };
    using ByTime = std::multimap<BootTime, Alarm>;

    void arm_earliest() {
        if (by_time_.empty()) {
            // Nothing to wait for: the loop's run() may return.
            if (waiting_) timer_.cancel();
            return;
        }
        // A timer that is armed too early, for an alarm that was cancelled, rings for nothing once;
        // that is cheaper than a system call for each deadline that is set and met.
        if (const BootTime first = by_time_.begin()->first; first < armed_for_) {
            armed_for_ = first;
            arm(timer_.native_handle(), first.time_since_epoch(), TFD_TIMER_ABSTIME);
        }
        if (!waiting_) wait();
    }

    void wait() {
        waiting_ = true;
        timer_.async_wait(asio::posix::stream_descriptor::wait_read,
                          [weak = weak_from_this()](const boost::system::error_code& error) {
                              if (const auto self = weak.lock()) self->ready(error);
                          });
    }

    void ready(const boost::system::error_code& error) {
        waiting_ = false;
        if (!error) {
            std::uint64_t times = 0;
            [[maybe_unused]] const auto got = ::read(timer_.native_handle(), &times, sizeof(times));
            armed_for_ = BootTime::max();
            ring_due();
        }
        arm_earliest();
    }

    // Alarms that are set meanwhile wait for the next turn, however early they are: no alarm
    // starves the loop.
    void ring_due() {
        const AlarmId last = last_id_;
        const BootTime now = read_clocks().boot;
        auto place = by_time_.begin();
        while (place != by_time_.end() && place->first <= now) {
            if (place->second.id > last) {
                ++place;
                continue;
            }
            const auto wake = std::move(place->second.wake);
            by_id_.erase(place->second.id);
            by_time_.erase(place);
            wake();
            place = by_time_.begin();
        }
    }

    asio::posix::stream_descriptor timer_;
    ByTime by_time_;
    std::unordered_map<AlarmId, ByTime::iterator> by_id_;
    AlarmId last_id_ = 0;
    BootTime armed_for_ = BootTime::max();
    bool waiting_ = false;
};

class SystemClock::StepWatch : public std::enable_shared_from_this<StepWatch> {
public:
    StepWatch(const asio::any_io_executor& loop, SystemClock& clock, std::function<void()> stepped)
        : clock_(clock), timer_(loop, make_timer(CLOCK_REALTIME)), stepped_(std::move(stepped)) {}

    void start() {
        remember();
        arm_and_wait();
        look_later();
    }
    void stop() {
        clock_.cancel_alarm(look_);
        timer_.close();
    }

private:
    // The timer never rings by itself: all it does is to be cancelled by the kernel when the clock
    // is set.
    void arm_and_wait() {
        arm(timer_.native_handle(), read_clock(CLOCK_REALTIME) + std::chrono::hours(24 * 3650),
            TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
        timer_.async_wait(asio::posix::stream_descriptor::wait_read,
                          [weak = weak_from_this()](const boost::system::error_code& error) {
                              const auto self = weak.lock();
                              if (!self || error || !self->timer_.is_open()) return;
                              self->clock_was_set();
                          });
    }
    void clock_was_set() {
        std::uint64_t times = 0;
        [[maybe_unused]] const auto got = ::read(timer_.native_handle(), &times, sizeof(times));
        remember();
        arm_and_wait();
        stepped_();
    }

    void look_later() {
        next_look_ = read_clocks().boot + look_every;
        look_ = clock_.set_alarm(next_look_, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->look();
        });
    }
    void look() {
        const bool moved = distance(wall_ahead(), wall_ahead_) > tolerance ||
                           distance(slept(), slept_) > tolerance ||
                           read_clocks().boot - next_look_ > late;
        remember();
        look_later();
        if (moved) stepped_();
    }

    static Milliseconds wall_ahead() noexcept {
        const Moment now = read_clocks();
        return now.wall.time_since_epoch() - now.boot.time_since_epoch();
    }
    // How long the machine was suspended since it was booted.
    static Milliseconds slept() noexcept {
        return read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC);
    }
    void remember() {
        wall_ahead_ = wall_ahead();
        slept_ = slept();
    }

    SystemClock& clock_;
    asio::posix::stream_descriptor timer_;
    std::function<void()> stepped_;
    Milliseconds wall_ahead_{};
    Milliseconds slept_{};
    BootTime next_look_;
    AlarmId look_ = 0;
};

SystemClock::SystemClock(asio::any_io_executor loop)
    : loop_(std::move(loop)), alarms_(std::make_shared<Alarms>(loop_)) {}

SystemClock::~SystemClock() {
    stop_watching();
}

async::Clock::AlarmId SystemClock::set_alarm(BootTime when, std::function<void()> wake) {
    return alarms_->set(when, std::move(wake));
}

void SystemClock::cancel_alarm(AlarmId id) {
    alarms_->cancel(id);
}

void SystemClock::on_step(std::function<void()> stepped) {
    watch_ = std::make_shared<StepWatch>(loop_, *this, std::move(stepped));
    watch_->start();
}

void SystemClock::stop_watching() {
    if (watch_) watch_->stop();
    watch_.reset();
}

}  // namespace tokenbroker::host
