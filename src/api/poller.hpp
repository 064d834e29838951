#pragma once

#include "host/descriptor.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <sys/epoll.h>
#include <sys/types.h>
#include <unordered_map>

namespace tokenbroker::api {

// What one look at the others costs them in front of the crowds: about as long as an answer is on
// its way.
inline constexpr auto turn_of_the_crowd = std::chrono::microseconds(20);

// An epoll set in which the whole event loop waits: Asio's own set stands in it as one descriptor. A
// turn takes what is ready at once, so a request costs the system calls that it needs and no more.
//
// Targets are of two classes. Those in a crowd (who pipelines, who asks for much, who has many
// connections) are served for a moment at a time between two looks at the others: however much
// crowds ask, the others wait no longer than that. Each user has a crowd of its own, and they take
// turns.
class Poller {
    class Crowd;

public:
    class Target {
    public:
        virtual ~Target() = default;
        [[nodiscard]] bool in_crowd() const noexcept { return crowd_ != nullptr; }
        // EPOLLIN, EPOLLOUT, EPOLLHUP, ... Level-triggered. May remove itself, but not another
        // target.
        virtual void on_ready(std::uint32_t events) = 0;
        // Asked for by again().
        virtual void on_again() = 0;

    private:
        friend class Poller;
        Crowd* crowd_ = nullptr;
        unsigned waits_ = 0;  // how often it stands in a crowd's line
    };

    explicit Poller(const boost::asio::any_io_executor& executor);
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;
    ~Poller();

    // False where the kernel refuses, for want of memory mostly.
    [[nodiscard]] bool add(int fd, Target& target, std::uint32_t events);
    // In the crowd of that user; without one, of those who are no user's.
    [[nodiscard]] bool add_to_crowd(int fd, Target& target, std::uint32_t events,
                                    std::optional<uid_t> user);
    void change(int fd, Target& target, std::uint32_t events);
    // From now on in the crowd, or no longer. Where the kernel refuses, it stays where it is. False
    // where it has no place at all any more: no event will come.
    [[nodiscard]] bool move_to_crowd(int fd, Target& target, std::uint32_t events,
                                     std::optional<uid_t> user);
    [[nodiscard]] bool move_to_front(int fd, Target& target, std::uint32_t events);
    // No event reaches it from now on. Needed before close(2) too, which takes a descriptor out of
    // the set only where nobody else has the same open file: a child that is about to exec has a
    // copy of all, and the service manager keeps the sockets that it hands over.
    void remove(int fd, Target& target);

    // Calls on_again() of the target when its turn in the crowd comes.
    void again(Target& target);

    // More is likely to be there at once: it is worth another look in this turn.
    void look_again() noexcept { look_again_ = true; }

    // Whether somebody has to be served. `may_wait`: returns once somebody has, or Asio has
    // something to do, or for no reason.
    [[nodiscard]] bool wait(bool may_wait);
    // A turn: those whom wait() found, and who comes meanwhile.
    void serve();

private:
    void look(int timeout);
    void serve_crowds();
    void line_up(Crowd& crowd);
    void drop_empty_crowds();
    [[nodiscard]] Crowd& crowd_of(std::optional<uid_t> user);
    [[nodiscard]] bool enter(int set, int fd, Target& target, std::uint32_t events) const;
    void leave(int fd, Target& target);

    // Events taken by one system call.
    static constexpr int most_events = 64;

    host::Descriptor epoll_;
    std::array<epoll_event, most_events> events_{};
    std::size_t ready_ = 0;  // of those
    std::unique_ptr<Crowd> nobodys_;
    std::unordered_map<uid_t, std::unique_ptr<Crowd>> crowds_;
    std::deque<Crowd*> line_;  // those with somebody whose turn is to come
    bool some_are_empty_ = false;
    bool look_again_ = false;
};

}  // namespace tokenbroker::api
