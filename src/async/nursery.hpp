#pragma once

#include "async/event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace tokenbroker::async {

// Owns child coroutines: whoever starts a task ends it. A child that throws anything but a
// cancellation is reported to `on_failure` (by default the exception is kept and join() throws it).
// The owner calls `co_await join()` before the nursery goes; destroying one with children is a bug.
class Nursery {
public:
    using OnFailure =
        std::function<void(const std::string& name, const std::exception_ptr& failure)>;

    explicit Nursery(boost::asio::any_io_executor executor, OnFailure on_failure = nullptr);
    Nursery(const Nursery&) = delete;
    Nursery& operator=(const Nursery&) = delete;
    ~Nursery();

    // Starts a child. `name` is for error reports. What the coroutine refers to outlives the
    // nursery.
    using ChildId = std::uint64_t;
    ChildId spawn(std::string name, boost::asio::awaitable<void> task);

    // Cancels every child (terminal): each wait in it throws operation_aborted from now on.
    void cancel();
    // Cancels one; does nothing where it has ended.
    void cancel(ChildId child);
    // Until the last child has ended. Rethrows the first failure where there is no `on_failure`.
    boost::asio::awaitable<void> join();
    // The same, but no longer than until `deadline`: whether all have ended.
    boost::asio::awaitable<bool> join_until(Clock& clock, BootTime deadline);

    [[nodiscard]] bool empty() const noexcept { return children_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return children_.size(); }

private:
    struct Child;
    void ended(std::list<std::unique_ptr<Child>>::iterator place,
               const std::exception_ptr& failure);

    boost::asio::any_io_executor executor_;
    OnFailure on_failure_;
    std::list<std::unique_ptr<Child>> children_;
    ChildId last_id_ = 0;
    std::exception_ptr first_failure_;
    Event changed_;
};

// An `on_failure` for tasks that must not end: throws out of the loop's run(), which ends the
// process.
[[noreturn]] void end_the_loop(const std::string& name, const std::exception_ptr& failure);

// Whether an exception only says that the task was cancelled.
bool is_cancellation(const std::exception_ptr& failure);

}  // namespace tokenbroker::async
