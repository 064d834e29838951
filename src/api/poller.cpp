#include "api/poller.hpp"

#include "base/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>

namespace tokenbroker::api {

namespace asio = boost::asio;
namespace {

constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);
// Events taken by one system call, and how often that is done before the rest of the loop has its
// turn.
constexpr int most_events = 64;
constexpr int most_rounds = 4;

}  // namespace

class Poller::Descriptor {
public:
    Descriptor(const asio::any_io_executor& executor, int fd) : stream(executor, fd) {}
    asio::posix::stream_descriptor stream;  // owns the epoll descriptor
};

Poller::Poller(const asio::any_io_executor& executor) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw ErrorException(system_error("epoll_create1", errno));
    descriptor_ = std::make_unique<Descriptor>(executor, epoll_);
}

Poller::~Poller() = default;

bool Poller::add(int fd, Target& target, std::uint32_t events) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = &target;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted) == 0;
}

void Poller::change(int fd, Target& target, std::uint32_t events) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = &target;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &wanted);
}

void Poller::remove(int fd, Target& target) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    forget(target);
}

void Poller::forget(Target& target) {
    std::erase(again_, &target);
    std::replace(now_.begin(), now_.end(), &target, static_cast<Target*>(nullptr));
}

void Poller::turn() {
    std::array<epoll_event, most_events> events;
    int ready = 0;
    for (int round = 0; round < most_rounds; ++round) {
        ready = ::epoll_wait(epoll_, events.data(), most_events, 0);
        for (int i = 0; i < ready; ++i) {
            auto& event = events.at(static_cast<std::size_t>(i));
            static_cast<Target*>(event.data.ptr)->on_ready(event.events);
        }
        // One at a time means that there is no crowd: then the next one is not there yet either.
        if (ready <= 1) break;
    }
    now_.swap(again_);
    for (std::size_t i = 0; i < now_.size(); ++i) {
        if (now_[i] != nullptr) now_[i]->on_again();
    }
    now_.clear();
}

asio::awaitable<void> Poller::run(std::function<void()> before, std::function<void()> after) {
    const auto executor = co_await asio::this_coro::executor;
    while (!stopped_) {
        if (again_.empty()) {
            auto [error] = co_await descriptor_->stream.async_wait(
                asio::posix::descriptor_base::wait_read, as_tuple);
            if (stopped_) break;
            // again() ends the wait in this way.
            const bool woken = error == asio::error::operation_aborted && !again_.empty();
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
    if (again_.empty() && !in_turn_) descriptor_->stream.cancel();
    again_.push_back(&target);
}

void Poller::stop() {
    stopped_ = true;
    descriptor_->stream.cancel();
}

}  // namespace tokenbroker::api
