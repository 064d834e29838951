#include "host/signals.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>

namespace tokenbroker::host {

namespace asio = boost::asio;

class Signals::Impl {
public:
    explicit Impl(const asio::any_io_executor& loop) : set(loop, SIGTERM, SIGINT, SIGHUP) {}
    asio::signal_set set;
};

Signals::Signals(const asio::any_io_executor& loop) : impl_(std::make_unique<Impl>(loop)) {}

Signals::~Signals() = default;

asio::awaitable<Signal> Signals::next() {
    const int number = co_await impl_->set.async_wait(asio::use_awaitable);
    co_return number == SIGHUP ? Signal::reload : Signal::stop;
}

}  // namespace tokenbroker::host
