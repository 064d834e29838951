#include "async/event.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace tokenbroker::async {
namespace {

namespace asio = boost::asio;
constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);

// Takes an alarm back when its waiter goes, however it goes.
class Alarm {
public:
    Alarm(Clock& clock, BootTime when, std::function<void()> wake)
        : clock_(clock), id_(clock.set_alarm(when, std::move(wake))) {}
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm() { clock_.cancel_alarm(id_); }

private:
    Clock& clock_;
    Clock::AlarmId id_;
};

}  // namespace

// One waiting coroutine: a timer that never expires, whose cancel() is the wake-up. Lives in its
// frame.
class Event::Waiter {
public:
    Waiter(std::list<Waiter*>& all, const asio::any_io_executor& executor)
        : all_(all), timer_(executor, asio::steady_timer::time_point::max()) {
        place_ = all_.insert(all_.end(), this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { all_.erase(place_); }

    void wake(bool& reason) {
        reason = true;
        timer_.cancel();
    }

    asio::awaitable<void> wait() {
        while (!notified && !rung) {
            // Why it woke is asked of the flags: cancel() and a cancellation look the same here.
            static_cast<void>(co_await timer_.async_wait(as_tuple));
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) {
                throw boost::system::system_error(asio::error::operation_aborted);
            }
        }
    }

    bool notified = false;
    bool rung = false;

private:
    std::list<Waiter*>& all_;
    std::list<Waiter*>::iterator place_;
    asio::steady_timer timer_;
};

void Event::notify_all() {
    for (Waiter* waiter : waiters_)
        waiter->wake(waiter->notified);
}

asio::awaitable<void> Event::wait() {
    const auto executor = co_await asio::this_coro::executor;
    Waiter waiter(waiters_, executor);
    co_await waiter.wait();
}

asio::awaitable<bool> Event::wait_until(Clock& clock, BootTime deadline) {
    if (clock.now().boot >= deadline) co_return false;
    const auto executor = co_await asio::this_coro::executor;
    Waiter waiter(waiters_, executor);
    auto ring = [&waiter] { waiter.wake(waiter.rung); };
    Alarm alarm(clock, deadline, std::move(ring));
    co_await waiter.wait();
    co_return waiter.notified;
}

asio::awaitable<void> sleep_until(Clock& clock, BootTime deadline) {
    Event nobody;
    co_await nobody.wait_until(clock, deadline);
}

}  // namespace tokenbroker::async
