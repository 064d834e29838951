#include "api/account_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace tokenbroker::api {
namespace {

namespace json = boost::json;

json::value time_or_null(const std::optional<WallTime>& time) {
    return time ? json::value(format_rfc3339(*time)) : json::value();
}
json::value text_or_null(const std::optional<std::string>& text) {
    return text ? json::value(*text) : json::value();
}

json::value error_json(const std::optional<broker::LastError>& error) {
    if (!error) return {};
    json::object object;
    object["kind"] = error->kind;
    object["step"] = error->step;
    object["status"] = error->status ? json::value(*error->status) : json::value();
    object["message"] = error->message;
    object["at"] = format_rfc3339(error->at);
    return object;
}

json::object token_json(const broker::AccountStatus& status) {
    json::object token;
    token["state"] = status.token_state;
    if (status.issued_at) token["issued_at"] = format_rfc3339(*status.issued_at);
    if (status.expires_at) token["expires_at"] = format_rfc3339(*status.expires_at);
    if (!status.expiry_source.empty()) token["expiry_source"] = status.expiry_source;
    if (status.generation) token["generation"] = *status.generation;
    if (status.refresh_at) token["refresh_at"] = format_rfc3339(*status.refresh_at);
    if (status.token_note) token["note"] = *status.token_note;
    return token;
}

json::object login_json(const broker::AccountStatus& status) {
    json::object login;
    login["state"] = status.login_state;
    login["waiting_for"] = text_or_null(status.waiting_for);
    login["consecutive_failures"] = status.consecutive_failures;
    login["last_attempt_at"] = time_or_null(status.last_attempt_at);
    login["last_error"] = error_json(status.last_error);
    login["retry_at"] = time_or_null(status.retry_at);
    json::object budget;
    budget["limit"] = status.budget_limit;
    budget["per"] = format_duration(status.budget_per);
    budget["left"] = status.budget_left;
    login["budget"] = std::move(budget);
    return login;
}

}  // namespace

json::object login_brief_json(const broker::AccountStatus& status) {
    json::object login;
    login["state"] = status.login_state;
    login["waiting_for"] = text_or_null(status.waiting_for);
    login["last_error"] = error_json(status.last_error);
    login["retry_at"] = time_or_null(status.retry_at);
    return login;
}

json::object account_json(const broker::AccountStatus& status) {
    json::object account;
    account["account"] = status.account;
    account["recipe"] = status.recipe;
    account["upstream"] = status.upstream;
    account["token"] = token_json(status);
    account["login"] = login_json(status);
    if (!status.sinks.empty()) {
        json::array sinks;
        for (const auto& sink : status.sinks) {
            json::object object;
            object["path"] = sink.path;
            object["state"] = sink.state;
            object["last_error"] = text_or_null(sink.last_error);
            object["last_command"] = text_or_null(sink.last_command);
            sinks.push_back(std::move(object));
        }
        account["sinks"] = std::move(sinks);
    }
    return account;
}

}  // namespace tokenbroker::api
