#include "api/router.hpp"

#include "base/encode.hpp"

#include <utility>
#include <vector>

namespace tokenbroker::api {

namespace asio = boost::asio;
namespace {

// As it may stand in a message: names that no account can have are shown escaped.
std::string shown(const std::string& account) {
    return AccountName::parse(account) ? account : percent_encode(account);
}

bool is_for_tcp(Action action) {
    return action == Action::healthz || action == Action::readyz || action == Action::metrics;
}

// "localhost:9464" names this machine and nothing else.
bool names_loopback(const Lines& host) {
    if (host.size() != 1) return false;
    std::string_view name = *host.begin();
    const std::size_t bracket = name.rfind(']');
    const std::size_t colon = name.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    if (has_port) {
        if (name.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) return false;
        name = name.substr(0, colon);
    }
    return same_word(name, "localhost") || name == "127.0.0.1" || name == "[::1]";
}

}  // namespace

void Router::handle(Connection& connection, const Request& request, std::string_view body) {
    if (connection.caller() == nullptr && check_host_ && !names_loopback(request.host)) {
        const std::string_view host =
            request.host.empty() ? std::string_view() : *request.host.begin();
        return connection.answer(misdirected(percent_encode(host)).answer());
    }
    auto route = parse_path(request.path);
    if (!route)
        return connection.answer(bad_request("the path: " + route.error().message()).answer());
    if (!*route || (connection.caller() == nullptr && !is_for_tcp((*route)->action))) {
        return connection.answer(not_found().answer());
    }
    const bool right_method = (*route)->post
                                  ? request.method == Method::post
                                  : request.method == Method::get || request.method == Method::head;
    if (!right_method) return connection.answer(method_not_allowed((*route)->allowed()).answer());
    const auto query = parse_query((*route)->action, request.query, common_.limits);
    if (!query) return connection.answer(bad_request(query.error().message()).answer());
    dispatch({connection, request, body, std::move(**route), *query});
}

void Router::dispatch(const Asked& asked) {
    switch (asked.route.action) {
        case Action::token:
            return token(asked);
        case Action::events:
            return events(asked);
        case Action::rejected:
            return rejected(asked);
        case Action::list:
            return list(asked);
        case Action::status:
            return status(asked);
        case Action::access:
            return access(asked);
        case Action::refresh:
        case Action::resume:
        case Action::revoke:
            return administer(asked);
        case Action::reload:
            return reload(asked);
        case Action::healthz:
            return healthz(asked);
        case Action::readyz:
            return readyz(asked);
        case Action::metrics:
            return metrics(asked);
        case Action::version:
            return version(asked);
    }
}

bool Router::handle_known(Connection& connection, std::string_view bytes) {
    const KnownRequests::Meaning* meaning = known_.find(bytes);
    Caller* caller = connection.caller();
    if (meaning == nullptr || caller == nullptr ||
        desks_revision_ != from_.broker.access_revision())
        return false;
    Desk& desk = *meaning->desk;
    Caller::Standing& standing = caller->standing(desk, from_.broker);
    if (!standing.allowed) return false;
    const broker::PublishedToken token = desk.account->current();
    if (!token) return false;
    if (meaning->min_ttl > Milliseconds::zero() && token->left(common_.now) < meaning->min_ttl)
        return false;
    connection.set_form(meaning->head_only, meaning->close);
    hand_outs_.count(*caller, standing, desk, *token);
    ++desk.ok;
    connection.answer_token(token, meaning->text);
    return true;
}

void Router::ended(Connection& connection) {
    if (Call* call = connection.call()) detach(*call);
    if (Stream* stream = connection.stream()) streams_.ended(*stream);
}

DeskHandle Router::desk_of(const broker::AccountHandle& account) {
    if (desks_revision_ != from_.broker.access_revision()) tidy_up();
    const std::string& name = account->name().text();
    const auto known = desks_.find(name);
    if (known != desks_.end() && known->second->account == account) return known->second;
    return desks_[name] = std::make_shared<Desk>(account, from_.metrics.account(account->name()));
}

void Router::tidy_up() {
    known_.forget();
    std::erase_if(desks_, [](const auto& desk) { return desk.second->account->removed(); });
    desks_revision_ = from_.broker.access_revision();
}

DeskHandle Router::find_desk(const Asked& asked) {
    const auto account = from_.broker.find(asked.route.account);
    if (account) return desk_of(account);
    // Which names there are is told to those who have business here.
    Caller& caller = *asked.connection.caller();
    const std::string name = shown(asked.route.account);
    asked.connection.answer(
        caller.may_use_any(from_.broker)
            ? unknown_account(name).answer()
            : access_denied(name, caller.uid(), "no allow line holds for this user").answer());
    return nullptr;
}

DeskHandle Router::admit(const Asked& asked) {
    DeskHandle desk = find_desk(asked);
    if (!desk) return nullptr;
    Caller& caller = *asked.connection.caller();
    if (caller.standing(*desk, from_.broker).allowed) return desk;
    if (asked.route.action == Action::token) ++desk->series->token_requests[403];
    const std::string& name = desk->account->name().text();
    from_.log.debug("access_denied", "a peer may not use the account",
                    {{"account", name}, {"uid", caller.uid()}});
    asked.connection.answer(
        access_denied(name, caller.uid(), "no allow line of the account holds for this user")
            .answer());
    return nullptr;
}

bool Router::admit_admin(const Asked& asked) {
    Caller& caller = *asked.connection.caller();
    if (caller.is_admin(from_.broker)) return true;
    const std::string name =
        asked.route.account.empty() ? std::string() : shown(asked.route.account);
    asked.connection.answer(access_denied(name, caller.uid(), "this is for admins").answer());
    return false;
}

CallHandle Router::begin_call(const Asked& asked, const DeskHandle& desk) {
    const uid_t uid = asked.connection.caller()->uid();
    if (desk && !desk->waiting.enter(uid, common_.limits.waiting)) {
        if (asked.route.action == Action::token) ++desk->series->token_requests[503];
        asked.connection.answer(too_many_waiting(desk->account->name().text()).answer());
        return nullptr;
    }
    auto call = std::make_shared<Call>(asked.connection, desk, uid, common_.measured_from);
    asked.connection.wait_for(*call);
    calls_.insert(call.get());
    common_.series.waiting_calls = calls_.size();
    return call;
}

void Router::spawn(const CallHandle& call, asio::awaitable<void> work) {
    call->child = nursery_.spawn("call", guard(call, std::move(work)));
}

// A call that fails by a bug of ours, or is cancelled with its peer still there, takes its
// connection along.
asio::awaitable<void> Router::guard(CallHandle call, asio::awaitable<void> work) {
    try {
        co_await std::move(work);
    } catch (...) {
        const Turn turn(common_);
        if (Connection* connection = finish_call(*call)) connection->close();
        throw;
    }
}

void Router::detach(Call& call) {
    if (call.connection == nullptr) return;
    call.connection = nullptr;
    calls_.erase(&call);
    common_.series.waiting_calls = calls_.size();
    nursery_.cancel(call.child);
}

Connection* Router::finish_call(Call& call) {
    if (call.connection == nullptr) return nullptr;
    Connection& connection = *std::exchange(call.connection, nullptr);
    calls_.erase(&call);
    common_.series.waiting_calls = calls_.size();
    common_.measured_from = call.started;
    return &connection;
}

void Router::check_access() {
    if (desks_revision_ != from_.broker.access_revision()) tidy_up();
    for (const auto& [name, desk] : desks_)
        streams_.check_access(*desk);
    std::vector<Call*> lost;
    for (Call* call : calls_) {
        Caller& caller = *call->connection->caller();
        const bool allowed = call->needs_admin ? caller.is_admin(from_.broker)
                                               : caller.standing(*call->desk, from_.broker).allowed;
        if (!allowed) lost.push_back(call);
    }
    for (Call* call : lost) {
        Connection& connection = *call->connection;
        const std::string name = call->desk ? call->desk->account->name().text() : std::string();
        detach(*call);
        connection.answer(
            access_denied(name, connection.caller()->uid(), "access was withdrawn").answer());
        connection.resume();
    }
}

void Router::stop() {
    while (!calls_.empty()) {
        Call& call = **calls_.begin();
        Connection& connection = *call.connection;
        const DeskHandle desk = call.desk;
        const bool counted = call.counts_as_token_request;
        detach(call);
        if (desk) {
            answer_no_token(connection, *desk, stopping(), counted);
        } else {
            connection.answer(no_token(stopping(), {}).answer());
        }
        connection.resume();
    }
    for (const auto& [name, desk] : desks_)
        streams_.end_all(*desk);
}

}  // namespace tokenbroker::api
