#pragma once

#include "api/answer.hpp"
#include "api/conduct.hpp"
#include "api/limits.hpp"
#include "api/occupancy.hpp"
#include "api/outbox.hpp"
#include "api/poller.hpp"
#include "api/wheel.hpp"
#include "async/clock.hpp"
#include "metrics/registry.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace tokenbroker::api {

class Connection;

// Whose places a connection takes.
enum class Seat : std::uint8_t {
    peer,     // of Limits::connections, counted by uid
    lobby,    // one too many: it is told so and let go
    metrics,  // of the TCP listener
};

// What all connections of a server work with.
struct Common {
    Common(const boost::asio::any_io_executor& executor, async::Clock& time,
           metrics::ProcessSeries& counted, const Limits& limited);
    Common(const Common&) = delete;
    Common& operator=(const Common&) = delete;
    ~Common();

    async::Clock& clock;
    metrics::ProcessSeries& series;
    Limits limits;
    Poller poller;
    Wheel wheel;
    std::function<void()> each_second;  // called while there are connections
    std::function<void()> all_ended;    // called when the last one is gone

    // The time of this turn.
    Moment now;
    FirstLines first_lines;
    // Each answer is measured from here: the turn's start, then the answer before it.
    std::chrono::steady_clock::time_point measured_from;

    bool stopping = false;  // answers carry `Connection: close`

    // Bytes that were just received, and answers that are about to be sent; for one connection at a
    // time.
    std::array<char, std::size_t{16} * 1024> received;
    Outbox outbox;

    std::vector<std::unique_ptr<Connection>> connections;
    Occupancy peers;
    Conduct conduct;
    std::size_t lobby = 0;
    std::size_t metrics_peers = 0;

    Connection& keep(std::unique_ptr<Connection> connection);
    // It goes when this turn is over.
    void retire(Connection& connection);

    void begin_turn();
    void end_turn();
    // Counts `answers` that took the time since `measured_from`, and goes on from now.
    void measure(std::size_t answers);
    // Whether the connection that was just answered took more time than several turns of the
    // crowd.
    [[nodiscard]] bool served_long() const;
    // Whether it may be served before the crowd: its user has few connections, and has asked for
    // little of late.
    [[nodiscard]] bool may_stand_in_front(Connection& connection) const;

private:
    void tick();
    void give_memory_back();

    int turns_ = 0;
    std::size_t most_connections_ = 0;  // since memory was given back
    std::optional<async::Clock::AlarmId> tick_;
    std::vector<std::unique_ptr<Connection>> ended_;
};

// Every way into the server stands in a turn: one look at the clocks, and nothing is freed under
// anyone's feet.
class Turn {
public:
    explicit Turn(Common& common) : common_(common) { common_.begin_turn(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { common_.end_turn(); }

private:
    Common& common_;
};

}  // namespace tokenbroker::api
