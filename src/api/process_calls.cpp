#include "api/account_json.hpp"
#include "api/router.hpp"
#include "core/allow.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <utility>

// The calls about the process and about accounts that need no token.
namespace tokenbroker::api {

namespace asio = boost::asio;
namespace json = boost::json;
namespace {

// What a user is given whose groups can't be told: no process is in it.
constexpr gid_t no_group = static_cast<gid_t>(-1);

Answer json_answer(const json::value& value) {
    Answer answer;
    answer.body = json::serialize(value);
    return answer;
}

json::object peer_json(const core::Peer& peer) {
    using Unit = core::Peer::Unit;
    json::object object;
    object["uid"] = peer.uid;
    json::array gids;
    if (peer.gid != no_group) {
        gids.emplace_back(peer.gid);
        for (const gid_t gid : peer.groups) {
            if (gid != peer.gid) gids.emplace_back(gid);
        }
    }
    object["gids"] = std::move(gids);
    if (peer.unit_state == Unit::known) {
        object["unit"] = peer.unit;
    } else if (peer.unit_state == Unit::not_looked_up) {
        object["unit"] = "unknown";
    } else {
        object["unit"] = nullptr;
        if (!peer.unit_reason.empty()) object["unit_reason"] = peer.unit_reason;
    }
    return object;
}

std::string_view match_word(core::Match match) {
    switch (match) {
        case core::Match::yes:
            return "yes";
        case core::Match::no:
            return "no";
        case core::Match::unknown:
            break;
    }
    return "unknown";
}

}  // namespace

void Router::healthz(const Asked& asked) {
    Answer answer;
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = "ok";
    asked.connection.answer(answer);
}

void Router::readyz(const Asked& asked) {
    Caller* caller = asked.connection.caller();
    const bool names = caller != nullptr && caller->is_admin(from_.broker);
    json::array without_token;
    json::array failing;
    for (const Listing::Entry& account : listing_.accounts(common_.now.boot)) {
        const std::string& name = account.account->name().text();
        if (account.without_token && (asked.query.strict || !account.at_rest))
            without_token.emplace_back(name);
        if (!account.failing) continue;
        json::object entry{{"account", name}};
        entry["expires_at"] =
            account.expires_at ? json::value(format_rfc3339(*account.expires_at)) : json::value();
        failing.push_back(std::move(entry));
    }
    const bool loaded = from_.broker.loaded();
    const bool none_missing = without_token.empty();
    const bool well = none_missing && failing.empty();
    json::object object;
    object["status"] = !loaded ? "starting" : well ? "ready" : "degraded";
    object["without_token"] =
        names ? json::value(std::move(without_token)) : json::value(without_token.size());
    object["failing"] = names ? json::value(std::move(failing)) : json::value(failing.size());
    Answer answer = json_answer(std::move(object));
    if (!loaded || (asked.query.strict && !none_missing)) answer.status = 503;
    asked.connection.answer(answer);
}

void Router::metrics(const Asked& asked) {
    Caller* caller = asked.connection.caller();
    const bool everything = caller == nullptr || caller->is_admin(from_.broker);
    Answer answer;
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    answer.shared_body = from_.metrics.render(
        everything ? metrics::Scope::everything : metrics::Scope::process, common_.now.boot);
    asked.connection.answer(answer);
}

void Router::version(const Asked& asked) {
    const metrics::BuildInfo& build = from_.metrics.build();
    json::object object;
    object["version"] = build.version;
    object["commit"] = build.commit;
    object["build"] = build.build;
    asked.connection.answer(json_answer(std::move(object)));
}

void Router::list(const Asked& asked) {
    Answer answer;
    answer.shared_body = listing_.body_for(*asked.connection.caller(), common_.now.boot);
    asked.connection.answer(answer);
}

void Router::status(const Asked& asked) {
    const DeskHandle desk = admit(asked);
    if (desk) asked.connection.answer(json_answer(account_json(desk->account->status())));
}

void Router::access(const Asked& asked) {
    Caller& caller = *asked.connection.caller();
    if (asked.query.uid && !admit_admin(asked)) return;
    const DeskHandle desk = find_desk(asked);
    if (!desk) return;
    if (!asked.query.uid) {
        return answer_access(asked.connection, *desk, caller.whole_peer(),
                             caller.is_admin(from_.broker));
    }
    const CallHandle call = begin_call(asked, desk);
    if (!call) return;
    call->needs_admin = true;
    spawn(call, wait_for_groups(call, *asked.query.uid));
}

asio::awaitable<void> Router::wait_for_groups(CallHandle call, uid_t uid) {
    const std::optional<UserGroups> groups = co_await from_.administration.groups_of(uid);
    core::Peer peer;
    peer.uid = uid;
    peer.gid = groups ? groups->primary : no_group;
    if (groups) peer.groups = groups->supplementary;
    const Turn turn(common_);
    Connection* connection = finish_call(*call);
    if (connection == nullptr) co_return;
    answer_access(*connection, *call->desk, peer, true);
    connection->resume();
}

void Router::answer_access(Connection& connection, const Desk& desk, const core::Peer& peer,
                           bool all_lines) {
    const core::AllowList& allow = desk.account->allow();
    const core::AllowList& admins = from_.broker.admins();
    const core::Decision decision = core::decide(allow, admins, peer);
    json::object object;
    object["allowed"] = decision.allowed;
    object["peer"] = peer_json(peer);
    object["line"] = decision.line;
    if (all_lines) {
        json::array lines;
        for (const core::LineMatch& line : core::explain(allow, admins, peer)) {
            json::object entry;
            entry["line"] = line.line;
            entry["match"] = match_word(line.match);
            entry["reason"] = line.reason;
            lines.push_back(std::move(entry));
        }
        object["lines"] = std::move(lines);
    }
    connection.answer(json_answer(std::move(object)));
}

}  // namespace tokenbroker::api
