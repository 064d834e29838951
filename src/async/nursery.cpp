#include "async/nursery.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

namespace tokenbroker::async {

namespace asio = boost::asio;

struct Nursery::Child {
    ChildId id;
    std::string name;
    asio::cancellation_signal signal;
};

Nursery::Nursery(asio::any_io_executor executor, OnFailure on_failure)
    : executor_(std::move(executor)), on_failure_(std::move(on_failure)) {}

Nursery::~Nursery() {
    assert(children_.empty() && "a nursery is joined before it goes");
}

Nursery::ChildId Nursery::spawn(std::string name, asio::awaitable<void> task) {
    const ChildId id = ++last_id_;
    auto place = children_.insert(children_.end(), std::make_unique<Child>());
    (*place)->id = id;
    (*place)->name = std::move(name);
    auto done = [this, place](const std::exception_ptr& failure) { ended(place, failure); };
    asio::co_spawn(executor_, std::move(task),
                   asio::bind_cancellation_slot((*place)->signal.slot(), std::move(done)));
    return id;
}

void Nursery::ended(std::list<std::unique_ptr<Child>>::iterator place,
                    const std::exception_ptr& failure) {
    const std::string name = std::move((*place)->name);
    children_.erase(place);
    if (failure && !is_cancellation(failure)) {
        if (on_failure_) {
            on_failure_(name, failure);
        } else if (!first_failure_) {
            first_failure_ = failure;
        }
    }
    changed_.notify_all();
}

void Nursery::cancel() {
    for (const auto& child : children_)
        cancel(child->id);
}

void Nursery::cancel(ChildId child) {
    // In a turn of its own: emit() may run a child to its end at once, and so change the list or
    // destroy the caller's own signal while it is being emitted.
    asio::post(executor_, [this, child] {
        const auto found = std::find_if(children_.begin(), children_.end(),
                                        [child](const auto& alive) { return alive->id == child; });
        if (found != children_.end()) (*found)->signal.emit(asio::cancellation_type::terminal);
    });
}

asio::awaitable<void> Nursery::join() {
    while (!children_.empty())
        co_await changed_.wait();
    if (first_failure_) std::rethrow_exception(std::exchange(first_failure_, nullptr));
}

asio::awaitable<bool> Nursery::join_until(Clock& clock, BootTime deadline) {
    while (!children_.empty()) {
        const bool notified = co_await changed_.wait_until(clock, deadline);
        if (!notified) break;
    }
    co_return children_.empty();
}

void end_the_loop(const std::string& /*name*/, const std::exception_ptr& failure) {
    std::rethrow_exception(failure);
}

bool is_cancellation(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace tokenbroker::async
