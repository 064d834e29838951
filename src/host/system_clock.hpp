#pragma once

#include "async/clock.hpp"
#include "base/error.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace tokenbroker::host {

// CLOCK_REALTIME and CLOCK_BOOTTIME, read together.
Moment read_clocks() noexcept;

// The kernel's name of this boot: 36 characters. Blocks for no longer than a read of /proc does.
Result<std::string> read_boot_id();

// The real clock: one timerfd on CLOCK_BOOTTIME carries all alarms, so that they ring after a
// suspend too. Outlived by nothing that has set an alarm. Throws ErrorException where the kernel
// gives no timer.
class SystemClock final : public async::Clock {
public:
    explicit SystemClock(boost::asio::any_io_executor loop);
    ~SystemClock() override;
    SystemClock(const SystemClock&) = delete;
    SystemClock& operator=(const SystemClock&) = delete;

    [[nodiscard]] Moment now() const override { return read_clocks(); }
    AlarmId set_alarm(BootTime when, std::function<void()> wake) override;
    void cancel_alarm(AlarmId id) override;

    // `stepped` is called from the loop soon after the wall clock was set, and after the machine
    // was suspended or the process stopped for a while (noticed within 30 s of running again). To
    // be called once. From here on the watch keeps the loop's run() from returning, until
    // stop_watching().
    void on_step(std::function<void()> stepped);
    void stop_watching();

private:
    class Alarms;
    class StepWatch;
    boost::asio::any_io_executor loop_;
    std::shared_ptr<Alarms> alarms_;
    std::shared_ptr<StepWatch> watch_;
};

}  // namespace tokenbroker::host
