#pragma once

#include "api/occupancy.hpp"
#include "async/nursery.hpp"
#include "base/secret.hpp"
#include "broker/face.hpp"
#include "metrics/registry.hpp"

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tokenbroker::api {

class Connection;
struct Desk;
using DeskHandle = std::shared_ptr<Desk>;

// One reader of an account's events.
struct Stream {
    Stream(Connection& reader, DeskHandle of) : connection(reader), desk(std::move(of)) {}

    Connection& connection;
    DeskHandle desk;
    std::list<std::unique_ptr<Stream>>::iterator place;  // in Desk::streams
    std::uint64_t shown = 0;        // the generation of the last token event; 0: none
    bool told_unavailable = false;  // the last event was: unavailable
    std::uint64_t round = 0;        // the account's revision when it was last looked at
};

// What the api keeps of one account, found once for a request.
struct Desk {
    Desk(broker::AccountHandle of, metrics::AccountHandle counted)
        : account(std::move(of)), series(std::move(counted)), ok(series->token_requests[200]) {}

    const broker::AccountHandle account;
    const metrics::AccountHandle series;
    std::uint64_t& ok;  // token requests answered with 200
    Occupancy waiting;

    // Those that were looked at longest ago first.
    std::list<std::unique_ptr<Stream>> streams;
    std::optional<async::Nursery::ChildId> follower;  // the coroutine that tells them
    // Events as bytes, shared by all streams: of the last token, and of the last time there was
    // none.
    std::shared_ptr<const Secret> token_event;
    std::uint64_t token_event_generation = 0;
    std::shared_ptr<const std::string> unavailable_event;
    std::uint64_t unavailable_event_revision = 0;
};

// Which form of a token a client asked for, kept where the answer comes later.
struct TokenForm {
    bool text = false;
    std::string if_none_match;  // all lines as one; empty: there was none
};

// A call whose answer comes later. Owned by its coroutine.
struct Call {
    // Its place in Occupancy was taken before; `desk` may be null (reload).
    Call(Connection& asking, DeskHandle of, uid_t caller,
         std::chrono::steady_clock::time_point since)
        : connection(&asking), desk(std::move(of)), uid(caller), started(since) {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() {
        if (desk) desk->waiting.leave(uid);
    }

    Connection* connection;  // null: answered, or the peer has left
    DeskHandle desk;
    uid_t uid;
    std::chrono::steady_clock::time_point started;
    async::Nursery::ChildId child = 0;
    bool needs_admin = false;
    bool counts_as_token_request = false;
    TokenForm form;
};
using CallHandle = std::shared_ptr<Call>;

}  // namespace tokenbroker::api
