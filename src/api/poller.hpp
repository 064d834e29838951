#pragma once

#include "host/descriptor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

namespace tokenbroker::api {

// An epoll set that stands in the event loop as one descriptor. A turn takes what is ready at once,
// so a request costs the system calls that it needs and no more.
//
// Targets are of two classes. Those in the crowd (who pipelines, who has many connections) have a
// set of their own, which is served for a moment at a time between two looks at the others: however
// much the crowd asks, the others wait no longer than that.
class Poller {
public:
    class Target {
    public:
        virtual ~Target() = default;
        [[nodiscard]] bool in_crowd() const noexcept { return in_crowd_; }
        // EPOLLIN, EPOLLOUT, EPOLLHUP, ... Level-triggered. May remove itself, but not another
        // target.
        virtual void on_ready(std::uint32_t events) = 0;
        // Asked for by again().
        virtual void on_again() = 0;

    private:
        friend class Poller;
        bool in_crowd_ = false;
    };

    explicit Poller(const boost::asio::any_io_executor& executor);
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;
    ~Poller();

    // False where the kernel refuses, for want of memory mostly.
    [[nodiscard]] bool add(int fd, Target& target, std::uint32_t events, bool to_crowd = false);
    void change(int fd, Target& target, std::uint32_t events);
    // Served in the crowd from now on.
    void move_to_crowd(int fd, Target& target, std::uint32_t events);
    // No event reaches it from now on. Needed before close(2) too, which takes a descriptor out of
    // the set only where nobody else has the same open file: a child that is about to exec has a
    // copy of all, and the service manager keeps the sockets that it hands over.
    void remove(int fd, Target& target);

    // Calls on_again() of the target when its turn in the crowd comes.
    void again(Target& target);

    // More is likely to be there at once: it is worth another look in this turn.
    void look_again() noexcept { look_again_ = true; }

    // Turns until stop(). `before` and `after` are called around each turn that has something to
    // do.
    boost::asio::awaitable<void> run(std::function<void()> before, std::function<void()> after);
    void stop();

private:
    class Descriptor;
    // One in the crowd whose turn is to come. Without a target: it has gone.
    struct Waiting {
        Target* target;
        std::uint32_t events;  // 0: it asked for it itself
    };

    void turn();
    void serve_crowd();
    void call_up();
    void forget(const Target& target);
    [[nodiscard]] int set_of(const Target& target) const noexcept;

    int epoll_ = -1;
    host::Descriptor crowd_;  // an epoll set in the epoll set
    std::unique_ptr<Descriptor> descriptor_;
    std::deque<Waiting> waiting_;
    std::size_t called_up_ = 0;  // of those, by the crowd's set
    bool crowd_ready_ = false;   // the crowd's set has more
    bool look_again_ = false;
    bool in_turn_ = false;
    bool stopped_ = false;
};

}  // namespace tokenbroker::api
