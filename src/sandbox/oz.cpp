#include "sandbox/oz.hpp"

#include "sandbox/journal.hpp"

#include <algorithm>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view service_token_path = "/api/authorize/service_token";

std::string_view without_slash(std::string_view path) {
    return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

Moment later(Moment now, Milliseconds delay) {
    return Moment{saturating_add(now.wall, delay), saturating_add(now.boot, delay)};
}

}  // namespace

std::string Oz::endpoint(const Request& request) {
    const std::string_view path = without_slash(request.path);
    if (path == "/api/authorize/auth") return "oz.login";
    if (path == "/api/authorize/refresh") return "oz.refresh";
    if (path == service_token_path || path.starts_with("/api/authorize/service_token/"))
        return "oz.service_token";
    if (path == "/api/companies") return "oz.companies";
    if (path == "/api/users") return "oz.users";
    if (path == "/api/folders") return "oz.folders";
    if (path == "/api/version") return "oz.version";
    return path.starts_with("/api/authorize/") ? "oz.unknown" : "";
}

std::string Oz::account(std::string_view endpoint, const Request& request) const {
    if (endpoint == "oz.login") {
        const auto body = request.members();
        const json::value* credentials = body ? body->if_contains("credentials") : nullptr;
        if (credentials == nullptr || !credentials->is_object()) return {};
        return text_member(credentials->get_object(), "email");
    }
    const auto session = std::ranges::find(sessions_, request.header("x-forensic-access-token"),
                                           &Session::access_token);
    if (session == sessions_.end()) return {};
    const OzUser* user = directory_.find_id(session->user_id);
    return user == nullptr ? std::string() : user->email;
}

Answer Oz::answer(std::string_view endpoint, const Request& request, Moment now) {
    if (endpoint == "oz.unknown") return answer_of(oz_error(404, 10, "Not found"));
    const bool slashed = request.path.ends_with('/');
    if (settings_.oz_slash == (slashed ? "forbidden" : "required")) {
        const std::string other =
            slashed ? std::string(without_slash(request.path)) : request.path + "/";
        return answer_of(Response{301, {{"Location", other}}, ""});
    }
    if (endpoint == "oz.version")
        return answer_of(json_response(200, json::object{{"core", settings_.oz_api + ".0.0"}}));

    const bool posts = endpoint == "oz.login" || endpoint == "oz.refresh" ||
                       endpoint == "oz.companies" || endpoint == "oz.users";
    const std::string method = endpoint == "oz.service_token" ? settings_.oz_service_token_method
                               : posts                        ? "POST"
                                                              : "GET";
    if (request.method != method) return answer_of(oz_error(405, 1, "Method not allowed"));
    if (endpoint == "oz.login") return login(request, now);
    if (endpoint == "oz.refresh") return answer_of(refresh(request, now));

    auto authenticated = authenticate(request, now);
    if (auto* refusal = std::get_if<Response>(&authenticated))
        return answer_of(std::move(*refusal));
    const OzUser& user = *directory_.find_id(std::get<Sessions::iterator>(authenticated)->user_id);
    if (endpoint == "oz.service_token") return answer_of(service_token(user, request, now));
    if (endpoint == "oz.companies") return answer_of(directory_.create_company(user, request));
    if (endpoint == "oz.users") return answer_of(directory_.create_user(user, request));
    return answer_of(json_response(200, json::array()));
}

Answer Oz::login(const Request& request, Moment now) {
    const std::string email = account("oz.login", request);
    if (auto refusal = throttle_.enter(
            "oz", email,
            json::object{
                {"error_code", 0}, {"error_message", "Too many requests"}, {"details", nullptr}},
            now)) {
        return std::move(*refusal);
    }
    const auto body = request.members();
    if (!body || !body->contains("credentials")) return answer_of(not_located("credentials"));
    if (email.empty()) return answer_of(not_located("credentials.email"));
    const std::string password = text_member(body->at("credentials").get_object(), "password");
    if (password.empty()) return answer_of(not_located("credentials.password"));

    const OzUser* user = directory_.find(email);
    if (user == nullptr || user->password != password)
        return answer_of(oz_error(401, 7, "Invalid credentials value"));
    if (settings_.oz_login_revokes_older) {
        std::erase_if(sessions_,
                      [&](const Session& session) { return session.user_id == user->user_id; });
    }
    const auto live = std::ranges::find_if(sessions_, [&](const Session& session) {
        return settings_.same_token && session.user_id == user->user_id &&
               now.boot < session.expires.boot;
    });
    json::object answer = shown(live != sessions_.end() ? *live : open(*user, now), true);
    answer["user"] = user->shown();
    return answer_of(json_response(200, answer));
}

Response Oz::refresh(const Request& request, Moment now) {
    const auto body = request.members();
    if (!body || !body->contains("expire_token")) return not_located("expire_token");
    const std::string_view access_token = request.header("x-forensic-access-token");
    if (access_token.empty()) return oz_error(401, 6, "Access token not specified.");

    // This authenticates too: what the caller's pair replaced is gone.
    const auto caller = find(access_token);
    if (caller != sessions_.end()) end_replaced(*caller);
    const auto old =
        std::ranges::find(sessions_, text_member(*body, "expire_token"), &Session::expire_token);
    if (old == sessions_.end()) return oz_error(401, 7, "Session not found");
    if (caller == sessions_.end())
        return oz_error(401, 7, "The access token does not exist in the database.");
    if (caller->user_id != old->user_id)
        return oz_error(403, 9, "You have not access to refresh this session");
    if (!settings_.oz_refresh_after_expiry && now.boot >= old->expires.boot)
        return oz_error(401, 8, "Auth token is expired.");

    const std::string replaced = old->access_token;
    Session& renewed = open(*directory_.find_id(old->user_id), now);
    renewed.replaces = replaced;
    return json_response(200, shown(renewed, true));
}

Response Oz::service_token(const OzUser& by, const Request& request, Moment now) {
    if (by.user_type != "ADMIN") return oz_error(403, 9, "Access denied for the current user.");
    std::string_view id = without_slash(request.path).substr(service_token_path.size());
    if (id.starts_with('/')) id.remove_prefix(1);
    if (id.empty() != (settings_.oz_api == "5")) return oz_error(404, 10, "Not found");

    // Generation 5 takes no user id: the page does not say whose token it is, so it is the asking
    // ADMIN's.
    const OzUser* user = id.empty() ? &by : directory_.find_id(id);
    if (user == nullptr) return oz_error(404, 10, "User does not exist");
    const auto live = std::ranges::find_if(sessions_, [&](const Session& session) {
        return settings_.oz_service_token_reuse && session.user_id == user->user_id &&
               session.expire_token.empty() && now.boot < session.expires.boot;
    });
    if (live != sessions_.end()) return json_response(200, shown(*live, false));
    Session& session = open(*user, now);
    session.expire_token.clear();
    session.expires = later(now, settings_.oz_longlive_ttl);
    return json_response(200, shown(session, false));
}

std::variant<Oz::Sessions::iterator, Response> Oz::authenticate(const Request& request,
                                                                Moment now) {
    const std::string_view token = request.header("x-forensic-access-token");
    if (token.empty()) return oz_error(401, 6, "Access token not specified.");
    const auto session = find(token);
    if (session == sessions_.end())
        return oz_error(401, 7, "The access token does not exist in the database.");
    if (now.boot >= session->expires.boot) return oz_error(401, 8, "Auth token is expired.");
    end_replaced(*session);
    const OzUser& user = *directory_.find_id(session->user_id);
    if (settings_.oz_sliding)
        session->expires =
            later(now, session->expire_token.empty() ? settings_.oz_longlive_ttl : ttl(user));
    return session;
}

// The old pair ends upon the first authentication with the renewed one.
void Oz::end_replaced(Session& renewed) {
    if (renewed.replaces.empty()) return;
    const std::string old = std::exchange(renewed.replaces, "");
    std::erase_if(sessions_, [&](const Session& other) { return other.access_token == old; });
}

Oz::Sessions::iterator Oz::find(std::string_view access_token) {
    return std::ranges::find(sessions_, access_token, &Session::access_token);
}

Oz::Session& Oz::open(const OzUser& user, Moment now) {
    constexpr std::string_view hex = "0123456789abcdef";
    Session session;
    session.token_id = random_text(hex, 32);
    session.user_id = user.user_id;
    session.access_token = random_text(hex, 128);
    session.expire_token = random_text(hex, 128);
    session.expires = later(now, ttl(user));
    return sessions_.emplace_back(std::move(session));
}

Milliseconds Oz::ttl(const OzUser& user) const {
    return user.long_lived() ? settings_.oz_longlive_ttl : settings_.oz_session_ttl;
}

json::object Oz::shown(const Session& session, bool with_expire_token) const {
    const WallTime expires = saturating_add(session.expires.wall, settings_.oz_expire_date_skew);
    const auto whole = std::chrono::floor<std::chrono::seconds>(expires.time_since_epoch()).count();
    json::object body;
    body["token_id"] = session.token_id;
    body["user_id"] = session.user_id;
    body["access_token"] = session.access_token;
    if (with_expire_token) body["expire_token"] = session.expire_token;
    if (settings_.oz_expire_date == "float") body["expire_date"] = unix_seconds(expires);
    if (settings_.oz_expire_date == "integer") body["expire_date"] = whole;
    if (settings_.oz_expire_date == "text") body["expire_date"] = std::to_string(whole);
    if (settings_.oz_expire_date == "rfc3339") body["expire_date"] = format_rfc3339(expires);
    body["session_id"] = 0;
    return body;
}

void Oz::revoke(std::string_view token) {
    std::erase_if(sessions_, [&](const Session& session) {
        return token == "all" || session.access_token == token;
    });
}

void Oz::expire(std::string_view token) {
    for (Session& session : sessions_) {
        if (token == "all" || session.access_token == token) session.expires.boot = BootTime();
    }
}

}  // namespace tokenbroker::sandbox
