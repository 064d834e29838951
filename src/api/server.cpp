#include "api/server.hpp"

#include "api/common.hpp"
#include "api/gate.hpp"
#include "api/router.hpp"
#include "async/event.hpp"
#include "async/nursery.hpp"

#include <exception>
#include <optional>
#include <utility>

namespace tokenbroker::api {

namespace asio = boost::asio;
namespace {

Limits capped(Limits limits) {
    limits.connections = connections_allowed(limits);
    return limits;
}

std::string failure_text(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an unknown exception";
    }
}

}  // namespace

class Server::Core {
public:
    Core(const asio::any_io_executor& executor, Listener listener, Listener metrics_listener,
         const Surroundings& around, const Limits& limits)
        : common_(executor, around.clock, around.metrics.process(), capped(limits)),
          nursery_(executor,
                   [&log = around.log](const std::string& name, const std::exception_ptr& failure) {
                       log.error("call_failed",
                                 "a call ended by a fault of the broker: " + failure_text(failure),
                                 {{"call", name}});
                   }),
          router_(common_,
                  Sources{around.broker, around.administration, around.log, around.metrics},
                  nursery_),
          gate_(common_, router_, around.log, std::move(listener), Gate::Kind::peers) {
        common_.each_second = [this] { router_.check_access(); };
        if (metrics_listener) {
            router_.check_host(metrics_listener.is_loopback());
            metrics_gate_.emplace(common_, router_, around.log, std::move(metrics_listener),
                                  Gate::Kind::metrics);
        }
    }

    asio::awaitable<void> run() {
        gate_.open();
        if (metrics_gate_) metrics_gate_->open();
        while (!over_ && !failure_)
            co_await ended_.wait();
        if (failure_) std::rethrow_exception(failure_);
    }

    bool turn(bool may_wait) {
        if (!common_.poller.wait(may_wait)) return false;
        try {
            const Turn turn(common_);
            common_.poller.serve();
        } catch (...) {
            failure_ = std::current_exception();
            ended_.notify_all();
        }
        return true;
    }

    asio::awaitable<void> stop() {
        begin_stop();
        const BootTime deadline =
            saturating_add(common_.clock.now().boot, common_.limits.stop_drain);
        common_.all_ended = [this] { ended_.notify_all(); };
        while (!common_.connections.empty()) {
            const bool in_time = co_await ended_.wait_until(common_.clock, deadline);
            if (!in_time) break;
        }
        finish_connections();
        nursery_.cancel();
        co_await nursery_.join();
        over_ = true;
        ended_.notify_all();
    }

    void set_limits(const Limits& limits) { common_.limits = capped(limits); }
    void set_audit(bool on) { router_.set_audit(on); }

private:
    void begin_stop() {
        const Turn turn(common_);
        common_.stopping = true;
        gate_.close();
        if (metrics_gate_) metrics_gate_->close();
        router_.stop();
    }
    void finish_connections() {
        const Turn turn(common_);
        // From the back: each that ends gives its place to the last.
        while (!common_.connections.empty())
            common_.connections.back()->finish();
    }

    Common common_;
    async::Nursery nursery_;
    Router router_;
    Gate gate_;
    std::optional<Gate> metrics_gate_;
    async::Event ended_;
    bool over_ = false;
    std::exception_ptr failure_;
};

Server::Server(const asio::any_io_executor& executor, Listener listener, Listener metrics_listener,
               const Surroundings& around, const Limits& limits)
    : core_(std::make_unique<Core>(executor, std::move(listener), std::move(metrics_listener),
                                   around, limits)) {}
Server::~Server() = default;

asio::awaitable<void> Server::run() {
    return core_->run();
}
bool Server::turn(bool may_wait) {
    return core_->turn(may_wait);
}
asio::awaitable<void> Server::stop() {
    return core_->stop();
}
void Server::set_limits(const Limits& limits) {
    core_->set_limits(limits);
}
void Server::set_audit(bool on) {
    core_->set_audit(on);
}

}  // namespace tokenbroker::api
