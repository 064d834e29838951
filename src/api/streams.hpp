#pragma once

#include "api/connection.hpp"
#include "api/desk.hpp"
#include "api/limits.hpp"
#include "async/nursery.hpp"
#include "base/log.hpp"
#include "broker/face.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace tokenbroker::api {

// Hand-outs of tokens, by whatever way: counted and, with `audit`, logged.
class HandOuts {
public:
    explicit HandOuts(Logger& log) : log_(log) {}
    void set_audit(bool on) noexcept { audit_ = on; }

    void count(Caller& caller, Caller::Standing& standing, const Desk& desk,
               const broker::Published& token) {
        ++*standing.handouts;
        if (!audit_ || standing.audited_generation == token.generation) return;
        standing.audited_generation = token.generation;
        caller.audit(log_, desk.account->name().text(), token.generation);
    }

private:
    Logger& log_;
    bool audit_ = false;
};

// Event streams. One coroutine an account tells all its readers; an event is rendered once for all.
class Streams {
public:
    Streams(Common& common, const broker::BrokerFace& broker, HandOuts& hand_outs,
            async::Nursery& nursery)
        : common_(common), broker_(broker), hand_outs_(hand_outs), nursery_(nursery) {}

    // Sends the first event, unless it would be the token of `last_seen`.
    void begin(Connection& connection, const DeskHandle& desk,
               std::optional<std::uint64_t> last_seen);
    // The connection of a stream is being closed.
    void ended(Stream& stream);
    // Ends the streams of peers that have lost access to this account.
    void check_access(Desk& desk);
    // Ends all streams of this account, without an event.
    void end_all(Desk& desk);

private:
    boost::asio::awaitable<void> follow(DeskHandle desk);
    // Brings some readers up to `revision`; false: all of them are.
    bool tell_some(Desk& desk, std::uint64_t revision);
    void tell(Stream& stream);
    void end_with(Stream& stream, const Problem& problem);
    void release(Stream& stream);

    Common& common_;
    const broker::BrokerFace& broker_;
    HandOuts& hand_outs_;
    async::Nursery& nursery_;
};

}  // namespace tokenbroker::api
