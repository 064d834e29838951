#include "api/poller.hpp"

#include "api/poller_crowd.hpp"
#include "async/reactor_descriptor.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tokenbroker::api {

namespace asio = boost::asio;
namespace {

// How often events are taken before the rest of the loop has its turn.
constexpr int most_rounds = 4;

}  // namespace

Poller::Poller(const asio::any_io_executor& executor) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw ErrorException(system_error("epoll_create1", errno));
    epoll_event asios{};  // that it is nobody's tells it from the others
    asios.events = EPOLLIN;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, async::reactor_descriptor(executor), &asios) != 0)
        throw ErrorException(system_error("waiting for the event loop", errno));
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
    return enter(epoll_.get(), fd, target, events);
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
    ::epoll_ctl(target.in_crowd() ? target.crowd_->fd() : epoll_.get(), EPOLL_CTL_MOD, fd, &wanted);
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
    ::epoll_ctl(target.in_crowd() ? target.crowd_->fd() : epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
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

void Poller::look(int timeout) {
    const int got = ::epoll_wait(epoll_.get(), events_.data(), most_events, timeout);
    const auto end = std::remove_if(events_.begin(), events_.begin() + std::max(got, 0),
                                    [](const epoll_event& event) { return !event.data.ptr; });
    ready_ = static_cast<std::size_t>(end - events_.begin());
}

bool Poller::wait(bool may_wait) {
    look(may_wait && line_.empty() ? -1 : 0);
    return ready_ > 0 || !line_.empty();
}

void Poller::serve() {
    for (int round = 1;; ++round) {
        for (std::size_t i = 0; i < ready_; ++i)
            static_cast<Target*>(events_[i].data.ptr)->on_ready(events_[i].events);
        if (!line_.empty()) {
            serve_crowds();
        } else if (ready_ <= 1 && !std::exchange(look_again_, false)) {
            break;  // one at a time means that the next one is not there yet either
        }
        if (round == most_rounds) break;
        look(0);
    }
    drop_empty_crowds();
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

void Poller::again(Target& target) {
    Crowd& crowd = target.in_crowd() ? *target.crowd_ : *nobodys_;
    crowd.wait(target, 0);
    line_up(crowd);
}

}  // namespace tokenbroker::api
