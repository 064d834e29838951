#include "api/poller_crowd.hpp"

#include <array>
#include <cerrno>
#include <sys/epoll.h>

namespace tokenbroker::api {
namespace {

constexpr int most_called_up = 64;

}  // namespace

bool Poller::Crowd::open() {
    set_ = host::Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    return set_ && poller_.add(set_.get(), *this, EPOLLIN);
}

Poller::Crowd::~Crowd() {
    if (set_) poller_.remove(set_.get(), *this);
}

void Poller::Crowd::on_ready(std::uint32_t) {
    ready_ = true;
    poller_.line_up(*this);
}

void Poller::Crowd::wait(Target& target, std::uint32_t events) {
    waiting_.push_back({&target, events});
    ++target.waits_;
}

void Poller::Crowd::forget(Target& target) {
    for (Waiting& waiting : waiting_) {
        if (waiting.target == &target) waiting.target = nullptr;
    }
    target.waits_ = 0;
}

void Poller::Crowd::serve_one() {
    if (called_up_ == 0 && ready_) call_up();
    if (waiting_.empty()) return;
    const Waiting next = waiting_.front();
    waiting_.pop_front();
    if (next.events != 0) --called_up_;
    if (next.target == nullptr) return;
    --next.target->waits_;
    if (next.events != 0) {
        next.target->on_ready(next.events);
    } else {
        next.target->on_again();
    }
}

// Each once: all those that were called up before have had their turn.
void Poller::Crowd::call_up() {
    std::array<epoll_event, most_called_up> events;
    const int ready = ::epoll_wait(set_.get(), events.data(), most_called_up, 0);
    ready_ = ready == most_called_up;
    for (int i = 0; i < ready; ++i) {
        const auto& event = events.at(static_cast<std::size_t>(i));
        wait(*static_cast<Target*>(event.data.ptr), event.events);
        ++called_up_;
    }
}

}  // namespace tokenbroker::api
