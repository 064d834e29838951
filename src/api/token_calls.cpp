#include "api/account_json.hpp"
#include "api/router.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <utility>
#include <variant>

// The calls that have to do with an account's token, and those of admins.
namespace tokenbroker::api {

namespace asio = boost::asio;
namespace json = boost::json;
namespace {

bool wants_text(const Lines& accept) {
    return names_media_type(accept, "text/plain") && !names_media_type(accept, "application/json");
}

std::string joined(const Lines& lines) {
    std::string all;
    for (const std::string_view line : lines)
        all += (all.empty() ? "" : ", ") + std::string(line);
    return all;
}

std::optional<std::uint64_t> number_of(const Lines& lines) {
    if (lines.size() != 1) return std::nullopt;
    const std::string_view text = *lines.begin();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// {"generation": 1795305600}; other members are left alone.
std::optional<std::uint64_t> generation_in(std::string_view body) {
    boost::system::error_code error;
    const json::value value = json::parse(json::string_view(body.data(), body.size()), error);
    if (error || !value.is_object()) return std::nullopt;
    const json::value* generation = value.get_object().if_contains("generation");
    if (generation == nullptr) return std::nullopt;
    if (generation->is_uint64()) return generation->get_uint64();
    if (!generation->is_int64() || generation->get_int64() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(generation->get_int64());
}

}  // namespace

void Router::token(const Asked& asked) {
    const DeskHandle desk = admit(asked);
    if (!desk) return;
    const Request& request = asked.request;
    const TokenForm form{wants_text(request.accept), joined(request.if_none_match)};
    if (request.if_none_match.empty() && !request.has_body()) {
        known_.remember(request.head, {desk, asked.query.min_ttl, form.text,
                                       asked.connection.head_only(), request.close});
    }
    const broker::PublishedToken token = desk->account->current();
    if (token && (asked.query.min_ttl == Milliseconds::zero() ||
                  token->left(common_.now) >= asked.query.min_ttl)) {
        return answer_token(asked.connection, *desk, token, form, true);
    }
    if (common_.stopping) return answer_no_token(asked.connection, *desk, stopping(), true);
    const CallHandle call = begin_call(asked, desk);
    if (!call) return;
    call->form = form;
    call->counts_as_token_request = true;
    spawn(call, wait_for_token(call, asked.query.min_ttl,
                               asked.query.wait.value_or(common_.limits.default_wait)));
}

asio::awaitable<void> Router::wait_for_token(CallHandle call, Milliseconds min_ttl,
                                             Milliseconds wait) {
    const auto account = call->desk->account;
    const auto reply = co_await account->get(min_ttl, wait);
    answer_reply(*call, reply);
}

void Router::rejected(const Asked& asked) {
    const DeskHandle desk = admit(asked);
    if (!desk) return;
    const Request& request = asked.request;
    if (!request.chunked && !request.content_length)
        return asked.connection.answer(length_required().answer());
    const auto generation = generation_in(asked.body);
    if (!generation) {
        return asked.connection.answer(
            bad_request("the body is not {\"generation\": NUMBER}").answer());
    }
    if (common_.stopping) return answer_no_token(asked.connection, *desk, stopping(), false);
    const CallHandle call = begin_call(asked, desk);
    if (!call) return;
    call->form = {wants_text(request.accept), ""};
    const Milliseconds wait = asked.query.wait.value_or(common_.limits.default_wait);
    spawn(call, wait_for_rejection(call, *generation, wait));
}

asio::awaitable<void> Router::wait_for_rejection(CallHandle call, std::uint64_t generation,
                                                 Milliseconds wait) {
    const auto account = call->desk->account;
    const auto reply = co_await account->rejected(generation, wait);
    answer_reply(*call, reply);
}

void Router::answer_reply(Call& call, const broker::TokenReply& reply) {
    const Turn turn(common_);
    Connection* connection = finish_call(call);
    if (connection == nullptr) return;
    const bool counted = call.counts_as_token_request;
    if (!connection->caller()->standing(*call.desk, from_.broker).allowed) {
        const std::string& name = call.desk->account->name().text();
        connection->answer(access_denied(name, call.uid, "access was withdrawn").answer());
    } else if (const auto* none = std::get_if<broker::NoToken>(&reply)) {
        answer_no_token(*connection, *call.desk, *none, counted);
    } else {
        answer_token(*connection, *call.desk, std::get<broker::PublishedToken>(reply), call.form,
                     counted);
    }
    connection->resume();
}

void Router::answer_token(Connection& connection, Desk& desk, const broker::PublishedToken& token,
                          const TokenForm& form, bool counted) {
    const std::string& tag = form.text ? token->text_etag : token->json_etag;
    Lines tags;
    if (!form.if_none_match.empty() && tags.add(form.if_none_match) && matches_tag(tags, tag)) {
        if (counted) ++desk.series->token_requests[304];
        return connection.answer_not_modified(tag);
    }
    if (counted) ++desk.ok;
    Caller& caller = *connection.caller();
    hand_outs_.count(caller, caller.standing(desk, from_.broker), desk, *token);
    connection.answer_token(token, form.text);
}

void Router::answer_no_token(Connection& connection, Desk& desk, const broker::NoToken& reply,
                             bool counted) {
    const Problem problem = no_token(reply, desk.account->status());
    if (counted) ++desk.series->token_requests[problem.status];
    connection.answer(problem.answer());
}

void Router::events(const Asked& asked) {
    const DeskHandle desk = admit(asked);
    if (!desk) return;
    if (common_.stopping) return answer_no_token(asked.connection, *desk, stopping(), false);
    if (asked.connection.head_only()) return asked.connection.answer_stream_head();
    streams_.begin(asked.connection, desk, number_of(asked.request.last_event_id));
}

void Router::administer(const Asked& asked) {
    if (!admit_admin(asked)) return;
    const DeskHandle desk = find_desk(asked);
    if (!desk) return;
    const Caller& caller = *asked.connection.caller();
    const std::string_view what = asked.route.action == Action::refresh  ? "refresh"
                                  : asked.route.action == Action::resume ? "resume"
                                                                         : "revoke";
    from_.log.info("admin_request", "an admin asked for this",
                   {{"account", desk->account->name().text()},
                    {"request", what},
                    {"clear_throttle", asked.query.clear_throttle},
                    {"uid", caller.uid()}});
    if (common_.stopping) return answer_no_token(asked.connection, *desk, stopping(), false);
    const CallHandle call = begin_call(asked, desk);
    if (!call) return;
    call->needs_admin = true;
    const Milliseconds wait = asked.query.wait.value_or(Milliseconds::zero());
    spawn(call, wait_for_admin(call, asked.route.action, asked.query.clear_throttle, wait));
}

asio::awaitable<void> Router::wait_for_admin(CallHandle call, Action action, bool clear,
                                             Milliseconds wait) {
    const auto account = call->desk->account;
    if (action == Action::refresh) {
        const auto reply = co_await account->refresh(wait);
        answer_admin(*call, reply);
    } else if (action == Action::resume) {
        const auto reply = co_await account->resume(clear, wait);
        answer_admin(*call, reply);
    } else {
        const auto reply = co_await account->revoke(wait);
        answer_admin(*call, reply);
    }
}

void Router::answer_admin(Call& call, const broker::AdminReply& reply) {
    const Turn turn(common_);
    Connection* connection = finish_call(call);
    if (connection == nullptr) return;
    if (const auto* none = std::get_if<broker::NoToken>(&reply)) {
        answer_no_token(*connection, *call.desk, *none, false);
    } else {
        Answer answer;
        answer.status =
            std::get<broker::AdminOutcome>(reply) == broker::AdminOutcome::done ? 200 : 202;
        answer.body = json::serialize(account_json(call.desk->account->status()));
        connection->answer(answer);
    }
    connection->resume();
}

void Router::reload(const Asked& asked) {
    if (!admit_admin(asked)) return;
    if (common_.stopping) return asked.connection.answer(no_token(stopping(), {}).answer());
    from_.log.info("admin_request", "an admin asked for this",
                   {{"request", "reload"}, {"uid", asked.connection.caller()->uid()}});
    const CallHandle call = begin_call(asked, nullptr);
    call->needs_admin = true;
    spawn(call, wait_for_reload(call));
}

asio::awaitable<void> Router::wait_for_reload(CallHandle call) {
    const ReloadReply reply = co_await from_.administration.reload();
    const Turn turn(common_);
    Connection* connection = finish_call(*call);
    if (connection == nullptr) co_return;
    if (!reply.mistakes.empty()) {
        connection->answer(configuration(reply.mistakes).answer());
    } else {
        json::object object;
        object["changed"] = json::array(reply.changed.begin(), reply.changed.end());
        object["restart_needed"] =
            json::array(reply.restart_needed.begin(), reply.restart_needed.end());
        object["warnings"] = json::array(reply.warnings.begin(), reply.warnings.end());
        Answer answer;
        answer.body = json::serialize(object);
        connection->answer(answer);
    }
    connection->resume();
}

}  // namespace tokenbroker::api
