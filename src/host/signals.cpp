#include "host/signals.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>

namespace tokenbroker::host {

namespace asio = boost::asio;

namespace {

void mask(int how) noexcept {
    sigset_t ours;
    ::sigemptyset(&ours);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        ::sigaddset(&ours, number);
    ::pthread_sigmask(how, &ours, nullptr);
}

}  // namespace

class Signals::Impl {
public:
    explicit Impl(const asio::any_io_executor& loop) : set(loop, SIGTERM, SIGINT, SIGHUP) {
        mask(SIG_UNBLOCK);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    // Before Asio gives them back their default, which is to kill.
    ~Impl() { mask(SIG_BLOCK); }

    asio::signal_set set;
};

Signals::Signals(const asio::any_io_executor& loop) : impl_(std::make_unique<Impl>(loop)) {}

Signals::~Signals() = default;

asio::awaitable<Signal> Signals::next() {
    const int number = co_await impl_->set.async_wait(asio::use_awaitable);
    co_return number == SIGHUP ? Signal::reload : Signal::stop;
}

}  // namespace tokenbroker::host
