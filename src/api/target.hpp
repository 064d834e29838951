#pragma once

#include "api/limits.hpp"
#include "api/request.hpp"
#include "base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::api {

// What is asked for.
enum class Action : std::uint8_t {
    token,
    events,
    rejected,
    list,
    status,
    access,
    refresh,
    resume,
    revoke,
    reload,
    healthz,
    readyz,
    metrics,
    version,
};

// A path taken apart. `allowed` are the methods that it takes, as `Allow` names them.
struct Route {
    Action action;
    std::string account;  // decoded; empty where the path has none
    bool post;
    [[nodiscard]] std::string_view allowed() const { return post ? "POST" : "GET, HEAD"; }
};
// None where there is nothing at that path. Segments are percent-decoded; a bad escape is an error.
[[nodiscard]] Result<std::optional<Route>> parse_path(std::string_view path);

// The query of a call. Each action takes the names that it knows, each once.
struct Query {
    Milliseconds min_ttl{};
    std::optional<Milliseconds> wait;
    std::optional<std::uint32_t> uid;
    bool clear_throttle = false;
    bool strict = false;
};
[[nodiscard]] Result<Query> parse_query(Action action, std::string_view query,
                                        const Limits& limits);

// `%41` to `A`. NUL and bad escapes are errors.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text);

}  // namespace tokenbroker::api
