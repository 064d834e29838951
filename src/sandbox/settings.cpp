#include "sandbox/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace tokenbroker::sandbox {

namespace {

using S = Settings;

const std::array table{
    SettingInfo{
        "throttle-logins", &S::throttle_logins, "logins let in per window; 0: no throttle", {}},
    SettingInfo{"throttle-per", &S::throttle_per, "the window", {}},
    SettingInfo{"throttle-block",
                &S::throttle_block,
                "block this long once throttled; 0: until the window lets in",
                {}},
    SettingInfo{"throttle-scope", &S::throttle_scope, "who shares the window", {"account", "all"}},
    SettingInfo{"throttle-answer",
                &S::throttle_answer,
                "what a throttled login is told: 429 with Retry-After in seconds, as a date, "
                "without it; 503 with seconds; 200 without "
                "a token; 403; an HTML page",
                {"seconds", "date", "none", "unavailable", "keyless", "forbidden", "html"}},
    SettingInfo{
        "same-token", &S::same_token, "a login hands out the account's live token again", {}},

    SettingInfo{"rossum-lifetime", &S::rossum_lifetime, "default and maximum lifetime", {}},
    SettingInfo{"rossum-dies-after",
                &S::rossum_dies_after,
                "tokens die this early whatever was asked; 0: as asked",
                {}},
    SettingInfo{"rossum-rate", &S::rossum_rate, "requests a second of one user; 0: unlimited", {}},
    SettingInfo{"rossum-login-revokes-older",
                &S::rossum_login_revokes_older,
                "a login ends the user's earlier tokens",
                {}},
    SettingInfo{"rossum-exchange-revokes-old",
                &S::rossum_exchange_revokes_old,
                "an exchange ends the token it was given",
                {}},
    SettingInfo{"rossum-one-time", &S::rossum_one_time, "the login's key is good for one call", {}},
    SettingInfo{"rossum-exchange-remaining",
                &S::rossum_exchange_remaining,
                "an exchange without a lifetime gives what is left of the old one, not its whole",
                {}},
    SettingInfo{"rossum-exchange-dies-with-old",
                &S::rossum_exchange_dies_with_old,
                "a token made by exchange ends when the old one is logged out",
                {}},
    SettingInfo{"rossum-domain", &S::rossum_domain, "logins say a domain, not null", {}},
    SettingInfo{"rossum-over-maximum",
                &S::rossum_over_maximum,
                "a lifetime over the maximum",
                {"refuse", "cap"}},
    SettingInfo{"rossum-no-header",
                &S::rossum_no_header,
                "status of a request without a token",
                {"403", "401"}},
    SettingInfo{"rossum-totals", &S::rossum_totals, "lists say total and total_pages", {}},
    SettingInfo{"rossum-organizations",
                &S::rossum_organizations,
                "how many there are: 1234, 1235, ...",
                {}},

    SettingInfo{"oz-api", &S::oz_api, "the API's generation", {"6", "5"}},
    SettingInfo{"oz-session-ttl", &S::oz_session_ttl, "OZ_SESSION_TTL: ordinary accounts", {}},
    SettingInfo{
        "oz-longlive-ttl", &S::oz_longlive_ttl, "OZ_SESSION_LONGLIVE_TTL: service accounts", {}},
    SettingInfo{"oz-sliding", &S::oz_sliding, "each use extends a session", {}},
    SettingInfo{"oz-login-revokes-older",
                &S::oz_login_revokes_older,
                "a login ends the user's earlier sessions",
                {}},
    SettingInfo{"oz-refresh-after-expiry",
                &S::oz_refresh_after_expiry,
                "an expired session can still be refreshed",
                {}},
    SettingInfo{"oz-service-token-method",
                &S::oz_service_token_method,
                "method of service_token",
                {"GET", "POST"}},
    SettingInfo{"oz-service-token-reuse",
                &S::oz_service_token_reuse,
                "service_token returns the live token of the user",
                {}},
    SettingInfo{"oz-slash",
                &S::oz_slash,
                "a trailing slash; the wrong form is redirected",
                {"both", "required", "forbidden"}},
    SettingInfo{"oz-expire-date",
                &S::oz_expire_date,
                "form of expire_date",
                {"float", "integer", "text", "rfc3339", "absent"}},
    SettingInfo{"oz-expire-date-skew",
                &S::oz_expire_date_skew,
                "added to expire_date; may be negative",
                {}},

    SettingInfo{"oauth-lifetime", &S::oauth_lifetime, "lifetime of access tokens", {}},
    SettingInfo{"oauth-expires-in",
                &S::oauth_expires_in,
                "form of expires_in",
                {"number", "text", "absent"}},
    SettingInfo{"oauth-rotate",
                &S::oauth_rotate,
                "each refresh gives a new refresh token and ends the old one",
                {}},
    SettingInfo{"oauth-issue-refresh-token",
                &S::oauth_issue_refresh_token,
                "the password grant gives a refresh token",
                {}},
    SettingInfo{"oauth-authentication",
                &S::oauth_authentication,
                "how a client may say its secret",
                {"both", "basic", "post"}},
    SettingInfo{"oauth-scopes", &S::oauth_scopes, "scopes that may be asked for; empty: any", {}},
};

std::string with_dashes(std::string_view name) {
    std::string text(name);
    std::replace(text.begin(), text.end(), '_', '-');
    return text;
}

Error not_allowed(std::string_view name, std::string_view value, const std::string& allowed) {
    return {Errc::invalid_input,
            std::string(name) + ": '" + std::string(value) + "' is not " + allowed};
}

struct Assign {
    Settings& settings;
    const SettingInfo& info;
    std::string_view value;

    Result<void> operator()(bool Settings::*member) const {
        if (value != "true" && value != "false")
            return not_allowed(info.name, value, "true or false");
        settings.*member = value == "true";
        return {};
    }
    Result<void> operator()(unsigned Settings::*member) const {
        unsigned number = 0;
        const auto [end, failure] =
            std::from_chars(value.data(), value.data() + value.size(), number);
        if (failure != std::errc() || end != value.data() + value.size()) {
            return not_allowed(info.name, value, "a whole number");
        }
        settings.*member = number;
        return {};
    }
    Result<void> operator()(Milliseconds Settings::*member) const {
        const bool negative = value.starts_with('-');
        const auto duration = parse_duration(negative ? value.substr(1) : value);
        if (!duration) return duration.error().during(std::string(info.name));
        settings.*member = negative ? -*duration : *duration;
        return {};
    }
    Result<void> operator()(std::string Settings::*member) const {
        if (!info.choices.empty() && std::ranges::find(info.choices, value) == info.choices.end()) {
            std::string allowed = "one of";
            for (const auto choice : info.choices)
                allowed.append(" ").append(choice);
            return not_allowed(info.name, value, allowed);
        }
        settings.*member = std::string(value);
        return {};
    }
};

struct Show {
    const Settings& settings;

    std::string operator()(bool Settings::*member) const {
        return settings.*member ? "true" : "false";
    }
    std::string operator()(unsigned Settings::*member) const {
        return std::to_string(settings.*member);
    }
    std::string operator()(Milliseconds Settings::*member) const {
        const Milliseconds value = settings.*member;
        return value < Milliseconds::zero() ? "-" + format_duration(-value)
                                            : format_duration(value);
    }
    std::string operator()(std::string Settings::*member) const { return settings.*member; }
};

}  // namespace

std::span<const SettingInfo> all_settings() {
    return table;
}

Result<void> Settings::set(std::string_view name, std::string_view value) {
    const std::string wanted = with_dashes(name);
    const auto row = std::ranges::find(table, wanted, &SettingInfo::name);
    if (row == table.end())
        return Error(Errc::invalid_input, "no setting is called '" + wanted + "'");
    return std::visit(Assign{*this, *row, value}, row->member);
}

std::string setting_text(const Settings& settings, const SettingInfo& info) {
    return std::visit(Show{settings}, info.member);
}

}  // namespace tokenbroker::sandbox
