#include "api/target.hpp"

#include <algorithm>
#include <charconv>

namespace tokenbroker::api {
namespace {

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

Error bad(std::string message) {
    return {Errc::invalid_input, std::move(message)};
}

struct Place {
    std::string_view name;
    Action action;
    bool post;
};
constexpr Place top_places[] = {{"healthz", Action::healthz, false},
                                {"readyz", Action::readyz, false},
                                {"metrics", Action::metrics, false},
                                {"version", Action::version, false}};
constexpr Place account_places[] = {{"token", Action::token, false},
                                    {"access", Action::access, false},
                                    {"refresh", Action::refresh, true},
                                    {"resume", Action::resume, true},
                                    {"revoke", Action::revoke, true}};
constexpr Place token_places[] = {{"events", Action::events, false},
                                  {"rejected", Action::rejected, true}};

template <class Places>
std::optional<Route> look_up(const Places& places, std::string_view name,
                             const std::string& account) {
    for (const Place& place : places) {
        if (place.name == name) return Route{place.action, account, place.post};
    }
    return std::nullopt;
}

std::optional<Route> route_of(const std::vector<std::string>& segments) {
    const std::size_t depth = segments.size();
    if (depth == 1) return look_up(top_places, segments[0], "");
    if (segments[0] != "v1") return std::nullopt;
    if (depth == 2 && segments[1] == "reload") return Route{Action::reload, "", true};
    if (segments[1] != "accounts") return std::nullopt;
    if (depth == 2) return Route{Action::list, "", false};
    const std::string& account = segments[2];
    if (account.empty()) return std::nullopt;
    if (depth == 3) return Route{Action::status, account, false};
    if (depth == 4) return look_up(account_places, segments[3], account);
    if (depth == 5 && segments[3] == "token") return look_up(token_places, segments[4], account);
    return std::nullopt;
}

// A duration; a bare number is seconds.
Result<Milliseconds> query_duration(std::string_view text) {
    const bool bare =
        !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    return parse_duration(bare ? std::string(text) + "s" : std::string(text));
}

Result<bool> query_flag(std::string_view text) {
    if (text == "1") return true;
    if (text == "0") return false;
    return bad("is neither 1 nor 0");
}

class QueryReader {
public:
    QueryReader(Action action, const Limits& limits) : action_(action), limits_(limits) {}

    // What is wrong with it; none: nothing.
    std::optional<std::string> take(const std::string& name, const std::string& value) {
        if (!knows(name)) return "unknown query name" + quoted_word(name) + "; " + allowed();
        const auto wrong = take_known(name, value);
        return wrong ? std::optional<std::string>(name + ": " + *wrong) : std::nullopt;
    }
    [[nodiscard]] const Query& query() const { return query_; }

private:
    std::optional<std::string> take_known(const std::string& name, const std::string& value) {
        if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) return "is there twice";
        seen_.push_back(name);
        if (name == "min_ttl") return put(query_duration(value), query_.min_ttl);
        if (name == "wait") return take_wait(value);
        if (name == "uid") return take_uid(value);
        if (name == "strict") return put(query_flag(value), query_.strict);
        return put(query_flag(value), query_.clear_throttle);
    }
    // What is no word may be anything, and is not repeated.
    static std::string quoted_word(const std::string& name) {
        constexpr std::string_view word =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
        const bool is_word =
            !name.empty() && name.size() <= 32 && name.find_first_not_of(word) == std::string::npos;
        return is_word ? " \"" + name + "\"" : std::string();
    }
    [[nodiscard]] std::vector<std::string_view> names() const {
        switch (action_) {
            case Action::token:
                return {"min_ttl", "wait"};
            case Action::resume:
                return {"clear_throttle", "wait"};
            case Action::rejected:
            case Action::refresh:
            case Action::revoke:
                return {"wait"};
            case Action::access:
                return {"uid"};
            case Action::readyz:
                return {"strict"};
            default:
                return {};
        }
    }

    [[nodiscard]] bool knows(std::string_view name) const {
        const auto known = names();
        return std::find(known.begin(), known.end(), name) != known.end();
    }
    [[nodiscard]] std::string allowed() const {
        std::string text;
        for (const std::string_view name : names())
            text += (text.empty() ? "" : ", ") + std::string(name);
        return text.empty() ? "none is taken here" : "allowed: " + text;
    }
    template <class T>
    static std::optional<std::string> put(const Result<T>& value, T& into) {
        if (!value) return value.error().message();
        into = *value;
        return std::nullopt;
    }
    std::optional<std::string> take_wait(const std::string& value) {
        const auto wait = query_duration(value);
        if (!wait) return wait.error().message();
        if (*wait > limits_.longest_wait)
            return "is longer than " + format_duration(limits_.longest_wait);
        query_.wait = *wait;
        return std::nullopt;
    }
    std::optional<std::string> take_uid(const std::string& value) {
        std::uint32_t uid = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), uid);
        if (value.empty() || error != std::errc() || end != value.data() + value.size())
            return "is not a uid";
        query_.uid = uid;
        return std::nullopt;
    }

    Action action_;
    const Limits& limits_;
    Query query_;
    std::vector<std::string> seen_;
};

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (text.size() - i < 3) return bad("a percent escape is cut off");
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low) return bad("a percent escape is not two hexadecimal digits");
        const int value = *high * 16 + *low;
        if (value == 0) return bad("a percent escape stands for NUL");
        decoded += static_cast<char>(value);
        i += 2;
    }
    return decoded;
}

Result<std::optional<Route>> parse_path(std::string_view path) {
    constexpr std::size_t deepest = 5;
    std::vector<std::string> segments;
    while (!path.empty() && segments.size() <= deepest) {
        path.remove_prefix(1);  // '/'
        const std::size_t end = std::min(path.find('/'), path.size());
        auto segment = percent_decode(path.substr(0, end));
        if (!segment) return segment.error();
        segments.push_back(std::move(*segment));
        path.remove_prefix(end);
    }
    if (segments.empty()) return std::optional<Route>();
    return route_of(segments);
}

Result<Query> parse_query(Action action, std::string_view query, const Limits& limits) {
    QueryReader reader(action, limits);
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const auto name = percent_decode(pair.substr(0, equals));
        if (!name) return name.error();
        const auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
        if (!value) return value.error();
        if (const auto wrong = reader.take(*name, *value)) return bad(*wrong);
    }
    return reader.query();
}

}  // namespace tokenbroker::api
