#pragma once

#include "api/common.hpp"
#include "api/connection.hpp"
#include "api/listen.hpp"
#include "base/log.hpp"

#include <cstdint>
#include <optional>

namespace tokenbroker::api {

// Takes connections from one listener and gives them their place.
class Gate final : public Poller::Target {
public:
    enum class Kind : std::uint8_t { peers, metrics };
    Gate(Common& common, Handler& handler, Logger& log, Listener listener, Kind kind);
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    ~Gate() override;

    // Throws where the kernel refuses.
    void open();
    // Takes no more. What waits in the backlog is taken first, but for a socket that was handed
    // over: there it waits for the next process.
    void close();

    void on_ready(std::uint32_t events) override;

private:
    // False: there is none, or none can be taken now.
    bool accept_one();
    void welcome_peer(host::Descriptor socket);
    void welcome_metrics(host::Descriptor socket);
    void turn_away(host::Descriptor socket, std::optional<Caller> caller);
    void admit(host::Descriptor socket, std::optional<Caller> caller, Seat seat);
    // Out of descriptors or memory: lets the backlog wait for a moment.
    void pause(int error);
    void go_on();

    Common& common_;
    Handler& handler_;
    Logger& log_;
    Listener listener_;
    Kind kind_;
    bool open_ = false;
    std::optional<async::Clock::AlarmId> paused_;
    std::optional<BootTime> last_complaint_;
};

// The connections that `limits` and the number of descriptors of this process allow.
[[nodiscard]] std::size_t connections_allowed(const Limits& limits);

}  // namespace tokenbroker::api
