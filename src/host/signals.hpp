#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>

namespace tokenbroker::host {

enum class Signal {
    stop,    // SIGTERM, SIGINT
    reload,  // SIGHUP
};

// The signals that the process acts on, as events. None is lost between two calls of next(): a
// second SIGTERM during the stop is the next one. One that comes later, when this is gone and the
// process is about to leave, does nothing.
class Signals {
public:
    explicit Signals(const boost::asio::any_io_executor& loop);
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // Cancelled: throws operation_aborted.
    boost::asio::awaitable<Signal> next();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tokenbroker::host
