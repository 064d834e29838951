#pragma once

#include "host/descriptor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace tokenbroker::api {

// An epoll set that stands in the event loop as one descriptor. A turn takes what is ready at once,
// so a request costs the system calls that it needs and no more.
class Poller {
public:
    class Target {
    public:
        virtual ~Target() = default;
        // EPOLLIN, EPOLLOUT, EPOLLHUP, ... Level-triggered. May remove itself, but not another
        // target.
        virtual void on_ready(std::uint32_t events) = 0;
        // Asked for by again().
        virtual void on_again() = 0;
    };

    explicit Poller(const boost::asio::any_io_executor& executor);
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;
    ~Poller();

    // False where the kernel refuses, for want of memory mostly.
    [[nodiscard]] bool add(int fd, Target& target, std::uint32_t events);
    void change(int fd, Target& target, std::uint32_t events);
    // No event reaches it from now on. remove() for a descriptor that stays open; forget() for one
    // that is closed next, which takes it out of the set.
    void remove(int fd, Target& target);
    void forget(Target& target);

    // Calls on_again() of the target in the next turn.
    void again(Target& target);

    // Turns until stop(). `before` and `after` are called around each turn that has something to
    // do.
    boost::asio::awaitable<void> run(std::function<void()> before, std::function<void()> after);
    void stop();

private:
    class Descriptor;

    void turn();

    int epoll_ = -1;
    std::unique_ptr<Descriptor> descriptor_;
    std::vector<Target*> again_;
    std::vector<Target*> now_;  // the `again_` of this turn
    bool in_turn_ = false;
    bool stopped_ = false;
};

}  // namespace tokenbroker::api
