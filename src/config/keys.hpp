#pragma once

#include <array>
#include <string_view>

// Every key of the configuration, by the map that it stands in. The JSON Schema knows the same
// ones: a test compares them.
namespace tokenbroker::config::keys {

using namespace std::string_view_literals;

inline constexpr std::array root{"include"sv, "socket"sv,   "admin"sv,   "metrics"sv, "state"sv,
                                 "log"sv,     "limits"sv,   "proxy"sv,   "recipes"sv, "throttle"sv,
                                 "realms"sv,  "defaults"sv, "accounts"sv};
inline constexpr std::array included{"accounts"sv};
inline constexpr std::array socket{"path"sv, "mode"sv, "group"sv};
inline constexpr std::array metrics{"address"sv, "port"sv};
inline constexpr std::array state{"directory"sv, "key"sv, "previous_key"sv};
inline constexpr std::array log{"level"sv, "format"sv, "audit"sv};
inline constexpr std::array limits{"connections"sv, "waiting"sv,      "head"sv,
                                   "body"sv,        "head_timeout"sv, "idle"sv};
inline constexpr std::array backoff{"initial"sv, "factor"sv, "max"sv};
inline constexpr std::array throttle{"logins"sv, "per"sv, "backoff"sv, "throttled_backoff"sv};
inline constexpr std::array account_throttle{"logins"sv, "per"sv, "backoff"sv,
                                             "throttled_backoff"sv, "realm"sv};
inline constexpr std::array realm{"logins"sv, "per"sv};
inline constexpr std::array defaults{"recipe"sv, "base_url"sv, "insecure_http"sv, "login"sv,
                                     "inputs"sv, "allow"sv,    "refresh"sv,       "throttle"sv,
                                     "probe"sv,  "tls"sv,      "proxy"sv};
inline constexpr std::array account{"recipe"sv, "base_url"sv, "insecure_http"sv, "login"sv,
                                    "inputs"sv, "allow"sv,    "refresh"sv,       "throttle"sv,
                                    "probe"sv,  "tls"sv,      "proxy"sv,         "sinks"sv};
inline constexpr std::array allow{"user"sv, "uid"sv, "group"sv, "gid"sv, "unit"sv};
inline constexpr std::array refresh{"at"sv, "jitter"sv, "max_lead"sv};
inline constexpr std::array probe{"every"sv};
inline constexpr std::array tls{"ca_file"sv, "client_certificate"sv, "client_key"sv,
                                "server_name"sv};
inline constexpr std::array sink{"path"sv,  "format"sv, "mode"sv,   "group"sv,
                                 "owner"sv, "then"sv,   "timeout"sv};
inline constexpr std::array secret{"file"sv, "credential"sv, "env"sv, "command"sv};

// The words that some values are.
inline constexpr std::array log_levels{"trace"sv, "debug"sv, "info"sv, "warn"sv, "error"sv};
inline constexpr std::array log_formats{"auto"sv, "journal"sv, "terminal"sv, "json"sv};
inline constexpr std::array logins{"eager"sv, "on_demand"sv};
inline constexpr std::array sink_formats{"raw"sv, "json"sv, "header"sv, "env"sv};

}  // namespace tokenbroker::config::keys
