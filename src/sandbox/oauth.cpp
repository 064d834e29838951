#include "sandbox/oauth.hpp"

#include "base/encode.hpp"

#include <algorithm>
#include <sstream>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

Response error(int status, std::string_view code, std::string_view description) {
    json::object body;
    body["error"] = code;
    body["error_description"] = description;
    Response response = json_response(status, body);
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

std::string field(const std::map<std::string, std::string, std::less<>>& fields,
                  std::string_view name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
}

struct Credentials {
    std::string id;
    std::string secret;
};

// RFC 6749 2.3.1: both are form-encoded before the base64 of RFC 7617.
std::optional<Credentials> basic(const Request& request) {
    const std::string_view header = request.header("authorization");
    if (!header.starts_with("Basic ")) return std::nullopt;
    const auto decoded = base64_decode(header.substr(6));
    if (!decoded) return std::nullopt;
    const std::string_view pair = decoded->reveal();
    const auto colon = pair.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string as_form("id=");
    as_form.append(pair.substr(0, colon)).append("&secret=").append(pair.substr(colon + 1));
    const auto fields = Request::form(as_form);
    return Credentials{field(fields, "id"), field(fields, "secret")};
}

}  // namespace

void OAuth::add_refresh_token(const std::string& token, const std::string& user,
                              const std::string& client) {
    refresh_tokens_.insert_or_assign(token,
                                     Token{user, client, settings_.oauth_scopes, BootTime::max()});
}

bool OAuth::set_password(std::string_view name, const std::string& password) {
    for (auto* accounts : {&users_, &clients_}) {
        if (const auto found = accounts->find(name); found != accounts->end()) {
            found->second = password;
            return true;
        }
    }
    return false;
}

std::string OAuth::endpoint(const Request& request) {
    if (request.path == "/oauth2/token") return "oauth.token";
    if (request.path == "/oauth2/userinfo") return "oauth.userinfo";
    return request.path.starts_with("/oauth2/") ? "oauth.unknown" : "";
}

std::string OAuth::account(std::string_view endpoint, const Request& request) const {
    if (endpoint != "oauth.token") {
        const std::string_view header = request.header("authorization");
        const auto found = header.starts_with("Bearer ") ? access_tokens_.find(header.substr(7))
                                                         : access_tokens_.end();
        return found == access_tokens_.end() ? std::string() : found->second.subject;
    }
    const Fields fields = Request::form(request.body);
    if (!field(fields, "username").empty()) return field(fields, "username");
    if (const auto found = refresh_tokens_.find(field(fields, "refresh_token"));
        found != refresh_tokens_.end()) {
        return found->second.subject;
    }
    if (const auto credentials = basic(request)) return credentials->id;
    return field(fields, "client_id");
}

Answer OAuth::answer(std::string_view endpoint, const Request& request, Moment now) {
    if (endpoint == "oauth.unknown")
        return answer_of(error(404, "invalid_request", "No such endpoint"));
    if (endpoint == "oauth.userinfo") return answer_of(userinfo(request, now));
    if (request.method != "POST")
        return answer_of(error(405, "invalid_request", "The token endpoint takes POST"));
    return token(request, now);
}

Answer OAuth::token(const Request& request, Moment now) {
    const json::object slow_down{{"error", "slow_down"},
                                 {"error_description", "Too many requests"}};
    if (auto refusal = throttle_.enter("oauth", account("oauth.token", request), slow_down, now))
        return std::move(*refusal);
    if (!request.header("content-type").starts_with("application/x-www-form-urlencoded")) {
        return answer_of(error(400, "invalid_request", "The body is not a form"));
    }
    const Fields fields = Request::form(request.body);
    const auto client = client_of(request, fields);
    if (!client) {
        Response response = error(401, "invalid_client", "Client authentication failed");
        response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"sandbox\"");
        return answer_of(std::move(response));
    }
    return answer_of(grant(fields, *client, now));
}

Response OAuth::grant(const Fields& fields, const std::string& client, Moment now) {
    const std::string type = field(fields, "grant_type");
    if (type.empty()) return error(400, "invalid_request", "grant_type is missing");
    if (type == "refresh_token") return refresh(fields, client, now);
    if (!scope_allowed(field(fields, "scope")))
        return error(400, "invalid_scope", "The scope is unknown");

    const std::string scope =
        fields.contains("scope") ? field(fields, "scope") : settings_.oauth_scopes;
    if (type == "client_credentials") return issue(Token{client, client, scope, {}}, false, now);
    if (type != "password") return error(400, "unsupported_grant_type", "Not supported here");
    const auto user = users_.find(field(fields, "username"));
    if (!fields.contains("username") || !fields.contains("password")) {
        return error(400, "invalid_request", "username or password is missing");
    }
    if (user == users_.end() || user->second != field(fields, "password")) {
        return error(400, "invalid_grant", "The user name or password is wrong");
    }
    return issue(Token{user->first, client, scope, {}}, settings_.oauth_issue_refresh_token, now);
}

Response OAuth::refresh(const Fields& fields, const std::string& client, Moment now) {
    if (!fields.contains("refresh_token"))
        return error(400, "invalid_request", "refresh_token is missing");
    const auto found = refresh_tokens_.find(field(fields, "refresh_token"));
    if (found == refresh_tokens_.end() || found->second.client != client) {
        return error(400, "invalid_grant", "The refresh token is invalid, expired or revoked");
    }
    const Token old = found->second;
    if (settings_.oauth_rotate) refresh_tokens_.erase(found);
    return issue(old, settings_.oauth_rotate, now);
}

Response OAuth::issue(const Token& token, bool with_refresh_token, Moment now) {
    Tokens::iterator live = access_tokens_.end();
    if (settings_.same_token) {
        live = std::ranges::find_if(access_tokens_, [&](const auto& entry) {
            return entry.second.subject == token.subject && now.boot < entry.second.expires;
        });
    }
    if (live == access_tokens_.end()) {
        Token made = token;
        made.expires = saturating_add(now.boot, settings_.oauth_lifetime);
        live = access_tokens_.emplace(random_text(letters_and_digits, 64), made).first;
    }
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(live->second.expires - now.boot).count();
    json::object body;
    body["access_token"] = live->first;
    body["token_type"] = "Bearer";
    if (settings_.oauth_expires_in == "number") body["expires_in"] = seconds;
    if (settings_.oauth_expires_in == "text") body["expires_in"] = std::to_string(seconds);
    if (with_refresh_token) {
        const std::string refresh_token = random_text(letters_and_digits, 64);
        refresh_tokens_.insert_or_assign(refresh_token, token);
        body["refresh_token"] = refresh_token;
    }
    body["scope"] = token.scope;
    Response response = json_response(200, body);
    response.headers.emplace_back("Cache-Control", "no-store");
    response.headers.emplace_back("Pragma", "no-cache");
    return response;
}

Response OAuth::userinfo(const Request& request, Moment now) const {
    const std::string_view header = request.header("authorization");
    const auto found = header.starts_with("Bearer ") ? access_tokens_.find(header.substr(7))
                                                     : access_tokens_.end();
    if (found == access_tokens_.end() || now.boot >= found->second.expires) {
        Response response = error(401, "invalid_token", "The access token is invalid or expired");
        response.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
        return response;
    }
    return json_response(
        200, json::object{{"sub", found->second.subject}, {"scope", found->second.scope}});
}

std::optional<std::string> OAuth::client_of(const Request& request, const Fields& fields) const {
    const auto in_header = basic(request);
    if (in_header && settings_.oauth_authentication == "post") return std::nullopt;
    if (!in_header && settings_.oauth_authentication == "basic") return std::nullopt;
    const std::string id = in_header ? in_header->id : field(fields, "client_id");
    const std::string secret = in_header ? in_header->secret : field(fields, "client_secret");
    const auto client = clients_.find(id);
    if (client == clients_.end() || client->second != secret) return std::nullopt;
    return id;
}

bool OAuth::scope_allowed(std::string_view scope) const {
    if (settings_.oauth_scopes.empty()) return true;
    const std::string allowed = " " + settings_.oauth_scopes + " ";
    std::istringstream words{std::string(scope)};
    for (std::string word; words >> word;) {
        if (allowed.find(" " + word + " ") == std::string::npos) return false;
    }
    return true;
}

void OAuth::revoke(std::string_view token) {
    if (token == "all") return access_tokens_.clear();
    for (auto* tokens : {&access_tokens_, &refresh_tokens_}) {
        if (const auto found = tokens->find(token); found != tokens->end()) tokens->erase(found);
    }
}

}  // namespace tokenbroker::sandbox
