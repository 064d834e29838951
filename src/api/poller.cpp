#include "api/poller.hpp"

#include "async/reactor_descriptor.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tokenbroker::api {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
namespace {

// How often events are taken before the rest of the loop has its turn.
constexpr int most_rounds = 4;
// As long as somebody has asked in front of late, crowds hold themselves short.
constexpr auto of_late = std::chrono::milliseconds(10);

}  // namespace

Poller::Poller(const asio::any_io_executor& executor) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw ErrorException(system_error("epoll_create1", errno));
    epoll_event asios{};
    asios.events = EPOLLIN;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, async::reactor_descriptor(executor), &asios) != 0)
        throw ErrorException(system_error("waiting for the event loop", errno));
}

bool Poller::add(int fd, Target& target, std::uint32_t events) {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t place = free_slots_.back();
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.u64 = slots_[place].tag(place);
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &wanted) != 0) return false;
    free_slots_.pop_back();
    slots_[place].target = &target;
    target.slot_ = place;
    return true;
}

void Poller::change(int fd, Target& target, std::uint32_t events) {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.u64 = slots_[target.slot_].tag(target.slot_);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &wanted);
}

void Poller::remove(int fd, Target& target) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    leave(target);
}

void Poller::leave(Target& target) {
    leave_lines(target);
    if (const std::uint32_t place = std::exchange(target.slot_, 0); place != 0) {
        slots_[place].target = nullptr;
        ++slots_[place].generation;
        free_slots_.push_back(place);
    }
}

Poller::Target* Poller::target_of(std::uint64_t tag) const noexcept {
    const auto place = static_cast<std::uint32_t>(tag);
    const Slot& slot = slots_[place];
    return slot.tag(place) == tag ? slot.target : nullptr;
}

void Poller::move_to_crowd(Target& target, std::optional<uid_t> user) {
    if (target.in_crowd()) return;
    Crowd& crowd = user ? crowds_[*user] : nobodys_;
    ++crowd.members;
    ++in_crowds_;
    target.crowd_ = &crowd;
}

void Poller::move_to_front(Target& target) {
    if (!target.in_crowd()) return;
    const bool waited = target.line_ != nullptr;
    const std::uint32_t events = target.events_;
    leave_lines(target);
    if (!waited) return;
    again(target);
    target.events_ = events;
}

void Poller::leave_lines(Target& target) {
    if (Crowd* line = std::exchange(target.line_, nullptr); line != nullptr)
        std::replace(line->waiting.begin(), line->waiting.end(), &target,
                     static_cast<Target*>(nullptr));
    target.events_ = 0;
    if (Crowd* crowd = std::exchange(target.crowd_, nullptr); crowd != nullptr) {
        --in_crowds_;
        if (--crowd->members == 0) some_are_empty_ = true;
    }
}

// Between turns, when nobody holds one of them.
void Poller::drop_empty_crowds() {
    if (!std::exchange(some_are_empty_, false)) return;
    std::erase_if(line_, [this](const Crowd* crowd) {
        return crowd != &front_ && crowd != &nobodys_ && crowd->members == 0;
    });
    std::erase_if(crowds_, [](const auto& crowd) { return crowd.second.members == 0; });
}

void Poller::line_up(Target& target, Crowd& crowd) {
    if (target.line_ != nullptr) return;
    target.line_ = &crowd;
    crowd.waiting.push_back(&target);
    line_up(crowd);
}

void Poller::line_up(Crowd& crowd) {
    if (!std::exchange(crowd.in_line, true)) line_.push_back(&crowd);
}

void Poller::again(Target& target) {
    line_up(target, target.in_crowd() ? *target.crowd_ : front_);
}

// Leaves those events that are somebody's.
void Poller::look(int timeout) {
    const int got = ::epoll_wait(epoll_.get(), events_.data(), most_events, timeout);
    ready_ = 0;
    for (int i = 0; i < got; ++i) {
        const epoll_event event = events_[static_cast<std::size_t>(i)];
        Target* const target = target_of(event.data.u64);
        if (target == nullptr) continue;
        events_[ready_] = event;
        events_[ready_].data.ptr = target;
        ++ready_;
    }
}

bool Poller::wait(bool may_wait) {
    look(may_wait && line_.empty() ? -1 : 0);
    return ready_ > 0 || !line_.empty();
}

void Poller::serve() {
    for (int round = 1;; ++round) {
        serve_ready();
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

void Poller::serve_ready() {
    for (std::size_t i = 0; i < ready_; ++i) {
        const epoll_event& event = events_[i];
        Target& target = *static_cast<Target*>(event.data.ptr);
        if (target.in_crowd()) {
            target.events_ |= event.events;
            line_up(target, *target.crowd_);
            continue;
        }
        served_since_ = Clock::now();
        target.on_ready(event.events);
    }
}

void Poller::serve_crowds() {
    served_since_ = Clock::now();
    const bool alone = served_since_ - front_asked_ > of_late;
    const auto until = served_since_ + (alone ? long_turn_of_the_crowd : turn_of_the_crowd);
    do {
        Crowd& crowd = *line_.front();
        line_.pop_front();
        crowd.in_line = false;
        Target* target = crowd.waiting.front();
        crowd.waiting.pop_front();
        if (target != nullptr) {
            target->line_ = nullptr;
            target->on_ready(std::exchange(target->events_, 0));
            served_since_ = Clock::now();
        }
        if (!crowd.waiting.empty()) line_up(crowd);
    } while (!line_.empty() && served_since_ < until);
}

}  // namespace tokenbroker::api
