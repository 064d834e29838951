#include "sandbox/rossum.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

Response detail(int status, std::string_view text) {
    return json_response(status, json::object{{"detail", text}});
}

Response field_mistake(std::string_view field, std::string_view text) {
    return json_response(400, json::object{{field, json::array{text}}});
}

// The path below /v1, without query; empty: not of this API.
std::string_view below_version(std::string_view path) {
    for (const std::string_view start : {"/api/v1/", "/v1/"}) {
        if (path.starts_with(start)) return path.substr(start.size() - 1);
    }
    return {};
}

std::string api_of(const Request& request) {
    return request.origin() + (request.path.starts_with("/api/") ? "/api/v1" : "/v1");
}

std::string_view token_of(const Request& request) {
    const std::string_view header = request.header("authorization");
    for (const std::string_view scheme : {"Bearer ", "Token "}) {
        if (header.starts_with(scheme)) return header.substr(scheme.size());
    }
    return {};
}

// A number as JSON or form brought it; none: it is no number.
std::optional<double> number_in(const json::value& value) {
    if (value.is_int64()) return static_cast<double>(value.get_int64());
    if (value.is_double()) return value.get_double();
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_string();
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

struct Asked {
    std::optional<Milliseconds> lifetime;  // none: nothing was asked
    std::optional<Response> mistake;
};

Asked asked_lifetime(const json::object& body, const Settings& settings, bool whole) {
    const json::value* member = body.if_contains("max_token_lifetime_s");
    if (member == nullptr || member->is_null()) return {};
    const auto seconds = number_in(*member);
    constexpr const char* name = "max_token_lifetime_s";
    if (!seconds) return {std::nullopt, field_mistake(name, "A valid number is required.")};
    if (whole && (std::trunc(*seconds) != *seconds || member->is_double())) {
        return {std::nullopt, field_mistake(name, "A valid integer is required.")};
    }
    if (!(*seconds > 0)) {
        return {std::nullopt,
                field_mistake(name, "Ensure this value is greater than or equal to 1.")};
    }
    const double most = static_cast<double>(settings.rossum_lifetime.count()) / 1000.0;
    if (*seconds > most && settings.rossum_over_maximum == "refuse") {
        return {std::nullopt,
                field_mistake(name, "Ensure this value is less than or equal to " +
                                        std::to_string(static_cast<long long>(most)) + ".")};
    }
    return {Milliseconds(static_cast<Milliseconds::rep>(std::min(*seconds, most) * 1000.0)),
            std::nullopt};
}

}  // namespace

std::string Rossum::endpoint(const Request& request) {
    const std::string_view path = below_version(request.path);
    if (path == "/auth/login") return "rossum.login";
    if (path == "/auth/token") return "rossum.exchange";
    if (path == "/auth/user") return "rossum.user";
    if (path == "/auth/logout") return "rossum.logout";
    if (path == "/organizations" || path.starts_with("/organizations/"))
        return "rossum.organizations";
    if (path == "/groups") return "rossum.groups";
    if (path == "/users") return "rossum.users";
    return path.empty() ? "" : "rossum.unknown";
}

std::string Rossum::account(std::string_view endpoint, const Request& request) const {
    if (endpoint == "rossum.login") {
        const auto body = request.members();
        return body ? text_member(*body, "username") : std::string();
    }
    const auto found = tokens_.find(token_of(request));
    return found == tokens_.end() ? std::string() : found->second.user;
}

Answer Rossum::answer(std::string_view endpoint, const Request& request, Moment now) {
    if (endpoint == "rossum.unknown") return answer_of(detail(404, "Not found."));
    const bool posts = endpoint == "rossum.login" || endpoint == "rossum.exchange" ||
                       endpoint == "rossum.logout" || endpoint == "rossum.users";
    if (request.method != (posts ? "POST" : "GET")) {
        return answer_of(detail(405, "Method \"" + request.method + "\" not allowed."));
    }
    const std::string who = account(endpoint, request);
    if (settings_.rossum_rate > 0 && !who.empty()) {
        if (rate_[who].enter(now.boot, settings_.rossum_rate, std::chrono::seconds(1))) {
            Response response = detail(429, "Too many requests");
            response.headers.emplace_back("Retry-After", "1");
            return answer_of(std::move(response));
        }
    }
    if (endpoint == "rossum.login") return login(request, now);

    auto authenticated = authenticate(request, now);
    if (auto* refusal = std::get_if<Response>(&authenticated))
        return answer_of(std::move(*refusal));
    const auto token = std::get<Tokens::iterator>(authenticated);
    if (endpoint == "rossum.exchange") return answer_of(exchange(token, request, now));
    if (endpoint == "rossum.logout") return answer_of(logout(token));

    const RossumUser& user = *directory_.find(token->second.user);
    if (token->second.one_time) tokens_.erase(token);
    const std::string api = api_of(request);
    if (endpoint == "rossum.user") return answer_of(json_response(200, user.shown(api)));
    if (endpoint == "rossum.groups") return answer_of(directory_.groups(request, api));
    if (endpoint == "rossum.users") return answer_of(directory_.create_user(user, request, api));
    const std::string_view below =
        below_version(request.path).substr(std::string_view("/organizations").size());
    if (below.empty()) return answer_of(directory_.organizations(request, api));
    return answer_of(directory_.organization(below.substr(1), api));
}

Answer Rossum::login(const Request& request, Moment now) {
    const auto body = request.members();
    if (!body)
        return answer_of(
            detail(400, "JSON parse error - Expecting value: line 1 column 1 (char 0)"));
    const std::string username = text_member(*body, "username");
    const std::string password = text_member(*body, "password");

    const json::object slow_down{{"detail", "Too many requests"}};
    if (auto refusal = throttle_.enter("rossum", username, slow_down, now))
        return std::move(*refusal);
    for (const std::string_view field : {"username", "password"}) {
        const json::value* member = body->if_contains(field);
        if (member == nullptr) return answer_of(field_mistake(field, "This field is required."));
        if (!member->is_string()) return answer_of(field_mistake(field, "Not a valid string."));
        if (member->get_string().empty())
            return answer_of(field_mistake(field, "This field may not be blank."));
    }
    const Asked asked = asked_lifetime(
        *body, settings_, !request.header("content-type").starts_with("application/x-www"));
    if (asked.mistake) return answer_of(*asked.mistake);

    const RossumUser* user = directory_.find(username);
    if (user == nullptr || user->password != password || !user->is_active) {
        return answer_of(detail(401, "Unable to log in with provided credentials."));
    }
    if (user->auth_type == "sso")
        return answer_of(detail(403, "Password login is unavailable to this user."));

    if (settings_.same_token) {
        for (const auto& [key, token] : tokens_) {
            if (token.user == username && alive(token, now.boot))
                return answer_of(key_answer(key, request));
        }
    }
    if (settings_.rossum_login_revokes_older) {
        std::erase_if(tokens_, [&](const auto& entry) { return entry.second.user == username; });
    }
    const Milliseconds lifetime = asked.lifetime.value_or(settings_.rossum_lifetime);
    return answer_of(
        key_answer(issue({username, now.boot, lifetime, settings_.rossum_one_time, ""}), request));
}

Response Rossum::exchange(Tokens::iterator token, const Request& request, Moment now) {
    json::object body;
    if (!request.body.empty()) {
        auto members = request.members();
        if (!members)
            return detail(400, "JSON parse error - Expecting value: line 1 column 1 (char 0)");
        body = std::move(*members);
    }
    const Asked asked = asked_lifetime(body, settings_, false);
    if (asked.mistake) return *asked.mistake;
    const std::string scope = body.contains("scope") ? text_member(body, "scope") : "default";
    if (scope != "default" && scope != "approval") {
        return field_mistake("scope", "\"" + scope + "\" is not a valid choice.");
    }
    const Token old = token->second;
    const std::string old_key = token->first;
    Milliseconds lifetime = old.one_time ? settings_.rossum_lifetime : old.lifetime;
    if (settings_.rossum_exchange_remaining && !old.one_time) lifetime -= now.boot - old.issued;
    if (old.one_time || settings_.rossum_exchange_revokes_old) tokens_.erase(token);

    const std::string key =
        issue({old.user, now.boot, asked.lifetime.value_or(lifetime), false, old_key});
    json::object shown;
    shown["key"] = key;
    shown["domain"] = request.header("host");
    shown["scope"] = scope;
    return json_response(200, shown);
}

Response Rossum::logout(Tokens::iterator token) {
    const std::string key = token->first;
    tokens_.erase(token);
    if (settings_.rossum_exchange_dies_with_old) {
        std::erase_if(tokens_, [&](const auto& entry) { return entry.second.parent == key; });
    }
    return detail(200, "Successfully logged out.");
}

std::variant<Rossum::Tokens::iterator, Response> Rossum::authenticate(const Request& request,
                                                                      Moment now) {
    if (request.header("authorization").empty()) {
        return detail(settings_.rossum_no_header == "401" ? 401 : 403,
                      "Authentication credentials were not provided.");
    }
    const auto found = tokens_.find(token_of(request));
    if (found == tokens_.end()) return detail(401, "Invalid token.");
    const RossumUser* user = directory_.find(found->second.user);
    if (!alive(found->second, now.boot) || user == nullptr || !user->is_active) {
        tokens_.erase(found);
        return detail(401, "Invalid token.");
    }
    return found;
}

bool Rossum::alive(const Token& token, BootTime now) const {
    const Milliseconds early = settings_.rossum_dies_after;
    const Milliseconds lifetime =
        early > Milliseconds::zero() ? std::min(early, token.lifetime) : token.lifetime;
    return now < saturating_add(token.issued, lifetime);
}

std::string Rossum::issue(Token token) {
    std::string key = random_text(letters_and_digits, 40);
    tokens_.insert_or_assign(key, std::move(token));
    return key;
}

Response Rossum::key_answer(const std::string& key, const Request& request) const {
    json::object body;
    body["key"] = key;
    body["domain"] =
        settings_.rossum_domain ? json::value(request.header("host")) : json::value(nullptr);
    return json_response(200, body);
}

void Rossum::revoke(std::string_view token) {
    if (token == "all") return tokens_.clear();
    if (const auto found = tokens_.find(token); found != tokens_.end()) tokens_.erase(found);
}

}  // namespace tokenbroker::sandbox
