#pragma once

#include "base/account_name.hpp"
#include "base/log.hpp"
#include "base/place.hpp"
#include "base/secret_source.hpp"
#include "base/time.hpp"
#include "config/base_url.hpp"
#include "core/allow.hpp"
#include "core/backoff.hpp"
#include "core/budget.hpp"
#include "core/refresh_policy.hpp"
#include "recipe/library.hpp"
#include "recipe/recipe.hpp"
#include "recipe/value.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

// The configuration, checked: whatever can be known to be wrong without asking an upstream has been
// refused before one of these exists. Defaults are filled in. What each member is for is said in
// spec and docs.
namespace tokenbroker::config {

struct SocketSettings {
    std::string path = "/run/tokenbroker/tokenbroker.sock";  // at most 107 bytes
    mode_t mode = 0660;
    std::optional<core::NamedId> group;
    bool operator==(const SocketSettings&) const = default;
};

struct MetricsSettings {
    std::string address = "127.0.0.1";  // IPv4 or IPv6, without brackets
    std::uint16_t port = 0;
    bool operator==(const MetricsSettings&) const = default;
};

struct StateSettings {
    std::string directory;
    std::optional<SecretSource> key;  // none: state.key in the directory
    std::optional<SecretSource> previous_key;
    bool operator==(const StateSettings&) const = default;
};

enum class LogFormat { automatic, journal, terminal, json };
struct LogSettings {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::automatic;
    bool audit = false;
    bool operator==(const LogSettings&) const = default;
};

struct LimitSettings {
    unsigned connections = 4096;
    unsigned waiting = 1024;
    std::size_t head = std::size_t{8} * 1024;  // bytes
    std::size_t body = std::size_t{16} * 1024;
    Milliseconds head_timeout = std::chrono::seconds(10);
    Milliseconds idle = std::chrono::minutes(5);
    bool operator==(const LimitSettings&) const = default;
};

// An HTTP proxy that is asked to CONNECT.
struct Proxy {
    std::string host;  // as in BaseUrl
    bool ipv6 = false;
    std::uint16_t port = 0;
    bool operator==(const Proxy&) const = default;
};

struct ThrottleSettings {
    core::Budget budget;
    core::Backoff backoff;
    core::Backoff throttled_backoff = core::default_throttled_backoff;
    bool operator==(const ThrottleSettings&) const = default;
};

// Files in PEM; absent: the system's authorities, no client certificate, the host of base_url.
struct TlsSettings {
    std::optional<std::string> ca_file;
    std::optional<std::string> client_certificate;
    std::optional<std::string> client_key;  // present exactly where client_certificate is
    std::optional<std::string> server_name;
    bool operator==(const TlsSettings&) const = default;
};

enum class SinkFormat { raw, json, header, env };
struct SinkSettings {
    std::string path;
    SinkFormat format = SinkFormat::raw;
    mode_t mode = 0440;
    std::optional<core::NamedId> group;
    std::optional<core::NamedId> owner;
    std::vector<std::string> then;  // empty: no command; else the first is an absolute path
    Milliseconds timeout = std::chrono::seconds(30);
    Place place;

    bool operator==(const SinkSettings& other) const;  // all but the place
};

enum class LoginWhen { eager, on_demand };

struct AccountSettings {
    AccountSettings(AccountName account, Place where)
        : name(std::move(account)), place(std::move(where)) {}

    AccountName name;
    Place place;
    recipe::RecipeHandle recipe;
    BaseUrl base_url;  // the recipe's endings are cut
    LoginWhen login = LoginWhen::eager;
    // Those that are not secret: the given ones, and the recipe's defaults for the others.
    recipe::Values inputs;
    // The secret inputs that are given, to be read by the secrets room.
    std::map<std::string, SecretSource> secrets;
    core::AllowList allow;  // empty: only admins
    core::RefreshPolicy refresh;
    ThrottleSettings throttle;
    std::string realm;  // the origin of base_url unless named
    std::optional<Milliseconds> probe_every;
    TlsSettings tls;
    std::optional<Proxy> proxy;
    std::vector<SinkSettings> sinks;
};

struct Settings {
    SocketSettings socket;
    core::AllowList admin;
    std::optional<MetricsSettings> metrics;
    StateSettings state;
    LogSettings log;
    LimitSettings limits;
    // Those that are listed, and every realm that an account is in.
    std::map<std::string, core::Budget> realms;
    std::shared_ptr<const recipe::Library> recipes;
    std::map<AccountName, AccountSettings> accounts;
};

}  // namespace tokenbroker::config
