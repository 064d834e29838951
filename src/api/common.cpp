#include "api/common.hpp"

#include "api/connection.hpp"

#include <algorithm>
#include <malloc.h>
#include <utility>

namespace tokenbroker::api {
namespace {

// Connections of one uid that are served before the crowd.
constexpr std::size_t served_first = 4;

}  // namespace

Common::Common(const boost::asio::any_io_executor& executor, async::Clock& time,
               metrics::ProcessSeries& counted, const Limits& limited)
    : clock(time),
      series(counted),
      limits(limited),
      poller(executor),
      wheel(time.now().boot),
      now(time.now()) {
    first_lines.refresh(now.wall);
}

Common::~Common() {
    if (tick_) clock.cancel_alarm(*tick_);
}

Connection& Common::keep(std::unique_ptr<Connection> connection) {
    connection->place = connections.size();
    connections.push_back(std::move(connection));
    most_connections_ = std::max(most_connections_, connections.size());
    series.connections = connections.size();
    return *connections.back();
}

void Common::retire(Connection& connection) {
    switch (connection.seat()) {
        case Seat::peer:
            peers.leave(connection.caller()->uid());
            break;
        case Seat::lobby:
            --lobby;
            break;
        case Seat::metrics:
            --metrics_peers;
            break;
    }
    const std::size_t place = connection.place;
    ended_.push_back(std::move(connections[place]));
    if (place + 1 != connections.size()) {
        connections[place] = std::move(connections.back());
        connections[place]->place = place;
    }
    connections.pop_back();
    series.connections = connections.size();
}

bool Common::served_long() const {
    // Far above what waking the peer may take on a machine that wakes slowly.
    return measured_from - poller.served_since() > 5 * turn_of_the_crowd;
}

bool Common::may_stand_in_front(Connection& connection) const {
    if (connection.seat() == Seat::lobby || !conduct.is_decent(connection.user(), now.boot))
        return false;
    return connection.seat() == Seat::metrics ||
           peers.of(connection.caller()->uid()) <= served_first;
}

void Common::begin_turn() {
    if (turns_++ > 0) return;
    now = clock.now();
    first_lines.refresh(now.wall);
    measured_from = std::chrono::steady_clock::now();
    poller.begin_turn(measured_from);
}

void Common::end_turn() {
    if (--turns_ > 0) return;
    series.connections_behind = poller.in_crowds();
    if (!ended_.empty()) {
        ended_.clear();
        if (connections.empty() && all_ended) all_ended();
    }
    if (tick_ || connections.empty()) return;
    const auto next = std::chrono::floor<std::chrono::seconds>(now.boot) + std::chrono::seconds(1);
    tick_ = clock.set_alarm(next, [this] { tick(); });
}

void Common::tick() {
    tick_.reset();
    const Turn turn(*this);
    wheel.turn(now.boot);
    if (each_second) each_second();
    conduct.forget_old(now.boot);
    give_memory_back();
}

// What a crowd took stays with the allocator when it has left, unless it is told.
void Common::give_memory_back() {
    constexpr std::size_t a_crowd = 256;
    if (most_connections_ < a_crowd || connections.size() > most_connections_ / 4) return;
    most_connections_ = connections.size();
    ::malloc_trim(0);
}

void Common::measure(std::size_t answers) {
    const auto until = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < answers; ++i)
        series.request_duration.add(until - measured_from);
    measured_from = until;
}

}  // namespace tokenbroker::api
