#include "api/poller.hpp"

#include "api/poller_crowd.hpp"
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

}  // namespace

class Poller::Descriptor {
public:
    Descriptor(const asio::any_io_executor& executor, int fd) : stream(executor, fd) {}
    asio::posix::stream_descriptor stream;  // owns the epoll descriptor
};

Poller::Poller(const asio::any_io_executor& executor) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw ErrorException(system_error("epoll_create1", errno));
    descriptor_ = std::make_unique<Descriptor>(executor, epoll_);
    nobodys_ = std::make_unique<Crowd>(*this);
    if (!nobodys_->open()) throw ErrorException(system_error("an epoll set for a crowd", errno));
}

Poller::~Poller() = default;

bool Poller::enter(int set, int fd, Target& target, std::uint32_t events) const {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = &target;
    return ::epoll_ctl(set, EPOLL_CTL_ADD, fd, &wanted) == 0;
}

bool Poller::add(int fd, Target& target, std::uint32_t events) {
    return enter(epoll_, fd, target, events);
}

bool Poller::add_to_crowd(int fd, Target& target, std::uint32_t events, std::optional<uid_t> user) {
    Crowd& crowd = crowd_of(user);
    if (enter(crowd.fd(), fd, target, events)) {
        ++crowd.members;
        target.crowd_ = &crowd;
        return true;
    }
    some_are_empty_ = some_are_empty_ || crowd.members == 0;
    return false;
}

void Poller::change(int fd, Target& target, std::uint32_t events) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.ptr = &target;
    ::epoll_ctl(target.in_crowd() ? target.crowd_->fd() : epoll_, EPOLL_CTL_MOD, fd, &wanted);
}

bool Poller::move_to_crowd(int fd, Target& target, std::uint32_t events,
                           std::optional<uid_t> user) {
    if (target.in_crowd()) return true;
    leave(fd, target);
    return add_to_crowd(fd, target, events, user) || add(fd, target, events);
}

bool Poller::move_to_front(int fd, Target& target, std::uint32_t events) {
    if (!target.in_crowd()) return true;
    Crowd& crowd = *target.crowd_;
    leave(fd, target);
    if (add(fd, target, events)) return true;
    if (!enter(crowd.fd(), fd, target, events)) return false;
    ++crowd.members;
    target.crowd_ = &crowd;
    return true;
}

void Poller::remove(int fd, Target& target) {
    leave(fd, target);
}

void Poller::leave(int fd, Target& target) {
    ::epoll_ctl(target.in_crowd() ? target.crowd_->fd() : epoll_, EPOLL_CTL_DEL, fd, nullptr);
    if (target.waits_ > 0) (target.in_crowd() ? target.crowd_ : nobodys_.get())->forget(target);
    if (Crowd* crowd = std::exchange(target.crowd_, nullptr); crowd != nullptr) {
        if (--crowd->members == 0) some_are_empty_ = true;
    }
}

// Where there is no descriptor for a further set, it is with those of nobody.
Poller::Crowd& Poller::crowd_of(std::optional<uid_t> user) {
    if (!user) return *nobodys_;
    std::unique_ptr<Crowd>& crowd = crowds_[*user];
    if (crowd) return *crowd;
    crowd = std::make_unique<Crowd>(*this);
    if (crowd->open()) return *crowd;
    crowds_.erase(*user);
    return *nobodys_;
}

// Between turns, when nobody holds one of them.
void Poller::drop_empty_crowds() {
    if (!std::exchange(some_are_empty_, false)) return;
    std::erase_if(line_, [this](const Crowd* crowd) {
        return crowd != nobodys_.get() && crowd->members == 0;
    });
    std::erase_if(crowds_, [](const auto& crowd) { return crowd.second->members == 0; });
}

void Poller::line_up(Crowd& crowd) {
    if (std::exchange(crowd.in_line, true)) return;
    line_.push_back(&crowd);
}

void Poller::turn() {
    std::array<epoll_event, most_events> events;
    for (int round = 0; round < most_rounds; ++round) {
        const int ready = ::epoll_wait(epoll_, events.data(), most_events, 0);
        for (int i = 0; i < ready; ++i) {
            auto& event = events.at(static_cast<std::size_t>(i));
            static_cast<Target*>(event.data.ptr)->on_ready(event.events);
        }
        if (!line_.empty()) {
            serve_crowds();
        } else if (ready <= 1 && !std::exchange(look_again_, false)) {
            break;  // one at a time means that the next one is not there yet either
        }
    }
}

void Poller::serve_crowds() {
    const auto until = std::chrono::steady_clock::now() + turn_of_the_crowd;
    do {
        Crowd& crowd = *line_.front();
        line_.pop_front();
        crowd.in_line = false;
        crowd.serve_one();
        if (!crowd.idle()) line_up(crowd);
    } while (!line_.empty() && std::chrono::steady_clock::now() < until);
}

asio::awaitable<void> Poller::run(std::function<void()> before, std::function<void()> after) {
    const auto executor = co_await asio::this_coro::executor;
    while (!stopped_) {
        if (line_.empty()) {
            auto [error] = co_await descriptor_->stream.async_wait(
                asio::posix::descriptor_base::wait_read, as_tuple);
            // again() ends the wait in this way.
            const bool woken = error == asio::error::operation_aborted && !line_.empty();
            if (error && !woken && !stopped_)
                throw boost::system::system_error(error, "waiting for connections");
        } else {
            co_await asio::post(executor, asio::use_awaitable);
        }
        if (stopped_) break;
        in_turn_ = true;
        before();
        turn();
        after();
        in_turn_ = false;
        drop_empty_crowds();
    }
}

void Poller::again(Target& target) {
    if (line_.empty() && !in_turn_) descriptor_->stream.cancel();
    Crowd& crowd = target.in_crowd() ? *target.crowd_ : *nobodys_;
    crowd.wait(target, 0);
    line_up(crowd);
}

void Poller::stop() {
    stopped_ = true;
    descriptor_->stream.cancel();
}

}  // namespace tokenbroker::api
