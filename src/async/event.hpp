#pragma once

#include "async/clock.hpp"

#include <boost/asio/awaitable.hpp>

#include <list>

namespace tokenbroker::async {

// A condition variable for coroutines of one thread: waiters wake on notify_all(). It remembers
// nothing, so it is always used as `while (!condition) co_await event.wait();`. Outlives its
// waiters.
class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    void notify_all();

    // Until notified. Throws boost::system::system_error(operation_aborted) if the coroutine is
    // cancelled.
    boost::asio::awaitable<void> wait();
    // Until notified (true) or until boot time reaches `deadline` (false). Cancelled: throws
    // likewise.
    boost::asio::awaitable<bool> wait_until(Clock& clock, BootTime deadline);

    [[nodiscard]] std::size_t waiters() const noexcept { return waiters_.size(); }

private:
    class Waiter;
    std::list<Waiter*> waiters_;
};

// Sleeps until boot time reaches `deadline`. Cancelled: throws operation_aborted.
boost::asio::awaitable<void> sleep_until(Clock& clock, BootTime deadline);

}  // namespace tokenbroker::async
