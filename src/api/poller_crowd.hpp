#pragma once

#include "api/poller.hpp"

#include <deque>

namespace tokenbroker::api {

// The targets of one user that stand behind the others: a set in the poller's set, and a line.
class Poller::Crowd final : public Poller::Target {
public:
    explicit Crowd(Poller& poller) : poller_(poller) {}
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;
    ~Crowd() override;
    // False, and errno, where the kernel refuses.
    [[nodiscard]] bool open();
    [[nodiscard]] int fd() const noexcept { return set_.get(); }

    // Some of its targets are ready.
    void on_ready(std::uint32_t events) override;
    void on_again() override {}

    // `events` are 0 where it asked for it itself.
    void wait(Target& target, std::uint32_t events);
    void forget(Target& target);
    // The next one has its turn.
    void serve_one();
    [[nodiscard]] bool idle() const noexcept { return waiting_.empty() && !ready_; }

    std::size_t members = 0;
    bool in_line = false;

private:
    struct Waiting {
        Target* target;  // null: it has gone
        std::uint32_t events;
    };
    void call_up();

    Poller& poller_;
    host::Descriptor set_;
    std::deque<Waiting> waiting_;
    std::size_t called_up_ = 0;  // of those, by the set
    bool ready_ = false;         // the set has more
};

}  // namespace tokenbroker::api
