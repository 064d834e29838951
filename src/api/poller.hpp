#pragma once

#include "host/descriptor.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <sys/epoll.h>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace tokenbroker::api {

// What one look at the others costs them in front of the crowds: about as long as an answer is on
// its way. While nobody asks in front, it may be longer.
inline constexpr auto turn_of_the_crowd = std::chrono::microseconds(20);
inline constexpr auto long_turn_of_the_crowd = 3 * turn_of_the_crowd;

// An epoll set in which the whole event loop waits: Asio's own set stands in it as one descriptor.
// A turn takes what is ready at once, so a request costs the system calls that it needs and no
// more.
//
// Targets are of two classes. Those in a crowd (who pipelines, who asks for much, who has many
// connections) are served for a moment at a time between two looks at the others: however much
// crowds ask, the others wait no longer than that. Each user has a crowd of its own, and they take
// turns.
class Poller {
    struct Crowd;

public:
    using Time = std::chrono::steady_clock::time_point;

    class Target {
    public:
        virtual ~Target() = default;
        [[nodiscard]] bool in_crowd() const noexcept { return crowd_ != nullptr; }
        // EPOLLIN, EPOLLOUT, EPOLLHUP, ...; 0 where again() asked for it. May remove itself, but
        // not another target.
        virtual void on_ready(std::uint32_t events) = 0;

    private:
        friend class Poller;
        Crowd* crowd_ = nullptr;
        Crowd* line_ = nullptr;     // in which it waits for its turn
        std::uint32_t events_ = 0;  // that came meanwhile
        std::uint32_t slot_ = 0;    // 0: it was not added
    };

    explicit Poller(const boost::asio::any_io_executor& executor);
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    // False where the kernel refuses, for want of memory mostly. What may be in a crowd is best
    // watched for edges (EPOLLET): it waits for its turn with what came, and need not be told
    // twice.
    [[nodiscard]] bool add(int fd, Target& target, std::uint32_t events);
    void change(int fd, Target& target, std::uint32_t events);
    // No event reaches it from now on.
    void remove(int fd, Target& target);
    // The same of one whose descriptor is about to be closed, or was never added. The kernel takes
    // it out of the set once nobody else has the same open file: a child that is about to exec has
    // a copy of all. Whoever keeps one for long (the service manager, of the sockets that it hands
    // over) would wake us for ever: those are removed.
    void leave(Target& target);

    // From now on in the crowd of that user (without one, of those who are no user's), or no
    // longer.
    void move_to_crowd(Target& target, std::optional<uid_t> user);
    void move_to_front(Target& target);

    [[nodiscard]] std::size_t in_crowds() const noexcept { return in_crowds_; }

    // Calls on_ready(0) when its turn comes.
    void again(Target& target);
    // Somebody in front asks: crowds hold themselves short for a while.
    void front_asks() noexcept { front_asked_ = served_since_; }
    // More is likely to be there at once: it is worth another look in this turn.
    void look_again() noexcept { look_again_ = true; }

    // Whether somebody has to be served. Edges are told once: then serve() follows. `may_wait`:
    // returns once somebody has, or Asio has something to do, or for no reason.
    [[nodiscard]] bool wait(bool may_wait);
    // A turn: those whom wait() found, and who comes meanwhile.
    void serve();

    // When the one that is being served began to be; or the turn, outside serve().
    [[nodiscard]] Time served_since() const noexcept { return served_since_; }
    void begin_turn(Time now) noexcept { served_since_ = now; }

private:
    // The targets of one user that stand behind the others.
    struct Crowd {
        std::size_t members = 0;
        std::deque<Target*> waiting;  // null: it has gone
        bool in_line = false;
    };
    // What an event refers to. One that is still told of a descriptor of old has an old generation.
    struct Slot {
        Target* target = nullptr;
        std::uint32_t generation = 0;
        [[nodiscard]] std::uint64_t tag(std::uint32_t place) const noexcept {
            return std::uint64_t{generation} << 32U | place;
        }
    };
    // Events taken by one system call.
    static constexpr int most_events = 64;

    [[nodiscard]] Target* target_of(std::uint64_t tag) const noexcept;
    void leave_lines(Target& target);
    void look(int timeout);
    void serve_ready();
    void serve_crowds();
    void line_up(Target& target, Crowd& crowd);
    void line_up(Crowd& crowd);
    void drop_empty_crowds();

    host::Descriptor epoll_;
    std::vector<Slot> slots_{1};  // the first one is Asio's
    std::vector<std::uint32_t> free_slots_;
    std::array<epoll_event, most_events> events_{};
    std::size_t ready_ = 0;  // of those
    Time served_since_;
    Time front_asked_;
    Crowd front_;  // those in no crowd who wait: again() gives nobody a turn at once
    Crowd nobodys_;
    std::unordered_map<uid_t, Crowd> crowds_;
    std::deque<Crowd*> line_;  // those with somebody whose turn is to come
    std::size_t in_crowds_ = 0;
    bool some_are_empty_ = false;
    bool look_again_ = false;
};

}  // namespace tokenbroker::api
