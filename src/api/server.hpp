#pragma once

#include "api/administration.hpp"
#include "api/limits.hpp"
#include "api/listen.hpp"
#include "async/clock.hpp"
#include "base/log.hpp"
#include "broker/face.hpp"
#include "metrics/registry.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>

namespace tokenbroker::api {

// What the server works with; all of it outlives the server.
struct Surroundings {
    broker::BrokerFace& broker;
    Administration& administration;
    async::Clock& clock;
    Logger& log;
    metrics::Registry& metrics;
};

// The local API: one Unix listener for everything and, optionally, one TCP listener for
// /metrics, /healthz and /readyz alone.
//
// Its connections are not coroutines: each is a small state machine without a buffer while it is
// idle, in an epoll set of the server's own. While there is a server, the loop waits in that set,
// in which Asio's stands too: requests come without a detour. Only calls that have to wait run as
// coroutines, in the server's nursery.
class Server {
public:
    Server(const boost::asio::any_io_executor& executor, Listener listener,
           Listener metrics_listener, const Surroundings& around, const Limits& limits);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    // Serves until stop() has ended, in turns that whoever runs the loop gives it. Throws where
    // listening itself breaks, which ends the process.
    boost::asio::awaitable<void> run();
    // Serves who is there; false where nobody was. `may_wait`, for when Asio has no handler ready:
    // waits until somebody is there, or Asio has one.
    bool turn(bool may_wait);

    // In stages: takes no new connection (one that waits in the backlog of a socket of our own is
    // still served); waiting calls get 503 with `Retry-After: 1`, streams end; for up to
    // Limits::stop_drain answers carry `Connection: close`; every request that was received whole
    // is answered; then all is closed and joined.
    boost::asio::awaitable<void> stop();

    // From the next request on. The number of descriptors still caps the connections.
    void set_limits(const Limits& limits);
    // Whether each (connection, account, generation) is logged once.
    void set_audit(bool on);

private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace tokenbroker::api
