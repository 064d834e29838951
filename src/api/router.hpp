#pragma once

#include "api/administration.hpp"
#include "api/connection.hpp"
#include "api/desk.hpp"
#include "api/known_requests.hpp"
#include "api/listing.hpp"
#include "api/streams.hpp"
#include "api/target.hpp"
#include "async/nursery.hpp"
#include "base/log.hpp"
#include "broker/face.hpp"
#include "metrics/registry.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

namespace tokenbroker::api {

// What the answers are made from; all of it outlives the router.
struct Sources {
    broker::BrokerFace& broker;
    Administration& administration;
    Logger& log;
    metrics::Registry& metrics;
};

// Takes each request to what answers it.
class Router final : public Handler {
public:
    Router(Common& common, const Sources& sources, async::Nursery& nursery)
        : common_(common),
          from_(sources),
          nursery_(nursery),
          hand_outs_(sources.log),
          streams_(common, sources.broker, hand_outs_, nursery),
          listing_(sources.broker) {}

    void handle(Connection& connection, const Request& request, std::string_view body) override;
    bool handle_known(Connection& connection, std::string_view bytes) override;
    void ended(Connection& connection) override;

    void set_audit(bool on) noexcept { hand_outs_.set_audit(on); }
    // The TCP listener is on a loopback address: requests must name it, so that no web page can ask
    // in the name of a browser's user (DNS rebinding).
    void check_host(bool on) noexcept { check_host_ = on; }

    // Ends streams and waiting calls of peers that have lost access.
    void check_access();
    // Waiting calls get 503, streams end.
    void stop();

private:
    // One request on its way.
    struct Asked {
        Connection& connection;
        const Request& request;
        std::string_view body;
        Route route;
        Query query;
    };
    void dispatch(const Asked& asked);
    // Calls of the process: api/process_calls.cpp.
    void healthz(const Asked& asked);
    void readyz(const Asked& asked);
    void metrics(const Asked& asked);
    void version(const Asked& asked);
    void list(const Asked& asked);
    void status(const Asked& asked);
    void access(const Asked& asked);
    void answer_access(Connection& connection, const Desk& desk, const core::Peer& peer,
                       bool all_lines);
    // Calls for tokens: api/token_calls.cpp.
    void token(const Asked& asked);
    void events(const Asked& asked);
    void rejected(const Asked& asked);
    void administer(const Asked& asked);
    void reload(const Asked& asked);

    // The account of the path, if the peer may use it; else it was answered: null.
    DeskHandle admit(const Asked& asked);
    // The account of the path, if there is one; else it was answered: null.
    DeskHandle find_desk(const Asked& asked);
    bool admit_admin(const Asked& asked);
    DeskHandle desk_of(const broker::AccountHandle& account);
    // Forgets what the last configuration had.
    void tidy_up();

    // Takes a place among those who wait for this account; null where there is none left
    // (answered).
    CallHandle begin_call(const Asked& asked, const DeskHandle& desk);
    void spawn(const CallHandle& call, boost::asio::awaitable<void> work);
    boost::asio::awaitable<void> guard(CallHandle call, boost::asio::awaitable<void> work);
    // The connection to answer, if it is still there and its peer may still have the answer.
    Connection* finish_call(Call& call);
    void detach(Call& call);

    void answer_token(Connection& connection, Desk& desk, const broker::PublishedToken& token,
                      const TokenForm& form, bool counted);
    void answer_no_token(Connection& connection, Desk& desk, const broker::NoToken& reply,
                         bool counted);
    void answer_reply(Call& call, const broker::TokenReply& reply);
    void answer_admin(Call& call, const broker::AdminReply& reply);

    boost::asio::awaitable<void> wait_for_token(CallHandle call, Milliseconds min_ttl,
                                                Milliseconds wait);
    boost::asio::awaitable<void> wait_for_rejection(CallHandle call, std::uint64_t generation,
                                                    Milliseconds wait);
    boost::asio::awaitable<void> wait_for_admin(CallHandle call, Action action, bool clear,
                                                Milliseconds wait);
    boost::asio::awaitable<void> wait_for_reload(CallHandle call);
    boost::asio::awaitable<void> wait_for_groups(CallHandle call, uid_t uid);

    Common& common_;
    Sources from_;
    async::Nursery& nursery_;
    HandOuts hand_outs_;
    Streams streams_;
    Listing listing_;
    bool check_host_ = false;

    std::map<std::string, DeskHandle, std::less<>> desks_;
    KnownRequests known_;
    std::uint64_t desks_revision_ = 0;  // the broker's, when desks_ and known_ were filled
    std::unordered_set<Call*> calls_;
};

}  // namespace tokenbroker::api
