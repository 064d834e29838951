#include "api/poller.hpp"

#include "base/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <sys/epoll.h>
#include <utility>

namespace tokenbroker::api {

namespace asio = boost::asio;
namespace {

constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);
// Events taken by one system call, and how often that is done before the rest of the loop has its
// turn.
constexpr int most_events = 64;
constexpr int most_rounds = 4;
// What one look at the others costs them in front of the crowd: about as long as an answer is on
// its way.
constexpr auto turn_of_the_crowd = std::chrono::microseconds(20);

}  // namespace

class Poller::Descriptor {
public:
    Descriptor(const asio::any_io_executor& executor, int fd) : stream(executor, fd) {}
    asio::posix::stream_descriptor stream;  // owns the epoll descriptor
};

Poller::Poller(const asio::any_io_executor& executor)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), crowd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw ErrorException(system_error("epoll_create1", errno));
    descriptor_ = std::make_unique<Descriptor>(executor, epoll_);
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.ptr = nullptr;
    if (!crowd_ || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, crowd_.get(), &wanted) != 0)
        throw ErrorException(system_error("an epoll set for the crowd", errno));
}

Poller::~Poller() = default;

int Poller::set_of(const Target& target) const noexcept {
    return target.in_crowd() ? crowd_.get() : epoll_;
}

bool Poller::add(int fd, Target& target, std::uint32_t events, bool to_crowd) {
    target.in_crowd_ = to_crowd;
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = &target;
    return ::epoll_ctl(set_of(target), EPOLL_CTL_ADD, fd, &wanted) == 0;
}

void Poller::change(int fd, Target& target, std::uint32_t events) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = &target;
    ::epoll_ctl(set_of(target), EPOLL_CTL_MOD, fd, &wanted);
}

void Poller::move_to_crowd(int fd, Target& target, std::uint32_t events) {
    if (target.in_crowd()) return;
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    // Short of memory: its old place is free.
    if (!add(fd, target, events, true)) static_cast<void>(add(fd, target, events));
}

void Poller::remove(int fd, Target& target) {
    ::epoll_ctl(set_of(target), EPOLL_CTL_DEL, fd, nullptr);
    forget(target);
}

void Poller::forget(const Target& target) {
    for (Waiting& waiting : waiting_) {
        if (waiting.target == &target) waiting.target = nullptr;
    }
}

void Poller::turn() {
    std::array<epoll_event, most_events> events;
    for (int round = 0; round < most_rounds; ++round) {
        const int ready = ::epoll_wait(epoll_, events.data(), most_events, 0);
        crowd_ready_ = false;
        for (int i = 0; i < ready; ++i) {
            auto& event = events.at(static_cast<std::size_t>(i));
            if (event.data.ptr == nullptr) {
                crowd_ready_ = true;
            } else {
                static_cast<Target*>(event.data.ptr)->on_ready(event.events);
            }
        }
        if (crowd_ready_ || !waiting_.empty()) {
            serve_crowd();
        } else if (ready <= 1 && !std::exchange(look_again_, false)) {
            break;  // one at a time means that the next one is not there yet either
        }
    }
}

void Poller::serve_crowd() {
    const auto until = std::chrono::steady_clock::now() + turn_of_the_crowd;
    do {
        if (called_up_ == 0 && crowd_ready_) call_up();
        if (waiting_.empty()) return;
        const Waiting next = waiting_.front();
        waiting_.pop_front();
        if (next.events != 0) --called_up_;
        if (next.target == nullptr) continue;
        if (next.events != 0) {
            next.target->on_ready(next.events);
        } else {
            next.target->on_again();
        }
    } while (std::chrono::steady_clock::now() < until);
}

// Each once: all those that were called up before have had their turn.
void Poller::call_up() {
    std::array<epoll_event, most_events> events;
    const int ready = ::epoll_wait(crowd_.get(), events.data(), most_events, 0);
    crowd_ready_ = ready == most_events;
    for (int i = 0; i < ready; ++i) {
        const auto& event = events.at(static_cast<std::size_t>(i));
        waiting_.push_back({static_cast<Target*>(event.data.ptr), event.events});
        ++called_up_;
    }
}

asio::awaitable<void> Poller::run(std::function<void()> before, std::function<void()> after) {
    const auto executor = co_await asio::this_coro::executor;
    while (!stopped_) {
        if (waiting_.empty()) {
            auto [error] = co_await descriptor_->stream.async_wait(
                asio::posix::descriptor_base::wait_read, as_tuple);
            if (stopped_) break;
            // again() ends the wait in this way.
            const bool woken = error == asio::error::operation_aborted && !waiting_.empty();
            if (error && !woken)
                throw boost::system::system_error(error, "waiting for connections");
        } else {
            co_await asio::post(executor, asio::use_awaitable);
        }
        in_turn_ = true;
        before();
        turn();
        after();
        in_turn_ = false;
    }
}

void Poller::again(Target& target) {
    if (waiting_.empty() && !in_turn_) descriptor_->stream.cancel();
    waiting_.push_back({&target, 0});
}

void Poller::stop() {
    stopped_ = true;
    descriptor_->stream.cancel();
}

}  // namespace tokenbroker::api
