#include "sandbox/accounts.hpp"

#include "sandbox/message.hpp"

#include <boost/json/parse.hpp>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

Result<Accounts::Login> split(std::string_view pair) {
    const auto colon = pair.find(':');
    if (colon == std::string_view::npos || colon == 0)
        return Error(Errc::invalid_input, "NAME:PASSWORD is wanted");
    return Accounts::Login{std::string(pair.substr(0, colon)), std::string(pair.substr(colon + 1)),
                           "", ""};
}

// The objects of a list member; an absent list is empty.
std::vector<json::object> objects(const json::object& parent, std::string_view name) {
    std::vector<json::object> list;
    const json::value* member = parent.if_contains(name);
    if (member == nullptr || !member->is_array()) return list;
    for (const json::value& element : member->get_array()) {
        if (element.is_object()) list.push_back(element.get_object());
    }
    return list;
}

}  // namespace

Accounts Accounts::defaults() {
    Accounts accounts;
    accounts.rossum = {{"api_user@mycompany", "sandbox-password", "user", ""},
                       {"admin@mycompany.example", "sandbox-admin-password", "admin", ""},
                       {"sso@mycompany.example", "sandbox-password", "sso", ""}};
    accounts.oz = {{"admin@oz.example", "sandbox-admin-password", "ADMIN",
                    "00000000-0000-4000-8000-000000000001"},
                   {"service@oz.example", "sandbox-password", "CLIENT_SERVICE",
                    "00000000-0000-4000-8000-000000000002"},
                   {"operator@oz.example", "sandbox-password", "CLIENT_OPERATOR",
                    "00000000-0000-4000-8000-000000000003"}};
    accounts.oauth_clients = {{"sandbox-client", "sandbox-secret", "", ""}};
    accounts.oauth_users = {{"user@oauth.example", "sandbox-password", "", ""}};
    accounts.oauth_refresh_tokens = {
        {"sandbox-refresh-token", "user@oauth.example", "sandbox-client"}};
    return accounts;
}

Result<void> Accounts::add_user(std::string_view pair) {
    auto login = split(pair);
    if (!login) return login.error().during("--user");
    oauth_users.push_back(*login);
    login->kind = "user";
    rossum.push_back(*login);
    login->kind = "CLIENT_SERVICE";
    oz.push_back(*login);
    return {};
}

Result<void> Accounts::add_client(std::string_view pair) {
    auto login = split(pair);
    if (!login) return login.error().during("--client");
    oauth_clients.push_back(*login);
    return {};
}

Result<void> Accounts::add_json(std::string_view text) {
    boost::system::error_code failure;
    const json::value document = json::parse(text, failure);
    if (failure || !document.is_object())
        return Error(Errc::invalid_input, "the accounts are no JSON object");
    const json::object& all = document.get_object();
    for (const json::object& user : objects(all, "rossum")) {
        rossum.push_back({text_member(user, "username"), text_member(user, "password"),
                          text_member(user, "kind"), ""});
    }
    for (const json::object& user : objects(all, "oz")) {
        oz.push_back({text_member(user, "email"), text_member(user, "password"),
                      text_member(user, "user_type"), text_member(user, "user_id")});
    }
    const json::value* oauth = all.if_contains("oauth");
    if (oauth == nullptr || !oauth->is_object()) return {};
    for (const json::object& client : objects(oauth->get_object(), "clients")) {
        oauth_clients.push_back(
            {text_member(client, "client_id"), text_member(client, "client_secret"), "", ""});
    }
    for (const json::object& user : objects(oauth->get_object(), "users")) {
        oauth_users.push_back(
            {text_member(user, "username"), text_member(user, "password"), "", ""});
    }
    for (const json::object& token : objects(oauth->get_object(), "refresh_tokens")) {
        oauth_refresh_tokens.push_back({text_member(token, "token"), text_member(token, "username"),
                                        text_member(token, "client_id")});
    }
    return {};
}

}  // namespace tokenbroker::sandbox
