#pragma once

#include "base/error.hpp"
#include "base/time.hpp"

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tokenbroker::sandbox {

// How the stand-in behaves where the vendors' documentation leaves room, or where a test wants it
// otherwise. Each member is one option of the command line and one name under "settings" in POST
// /sandbox/behaviour.
struct Settings {
    // The login throttle of all three vendors. No vendor publishes its limit.
    unsigned throttle_logins = 0;
    Milliseconds throttle_per = std::chrono::minutes(1);
    Milliseconds throttle_block = Milliseconds::zero();
    std::string throttle_scope = "account";
    std::string throttle_answer = "seconds";

    bool same_token = false;

    Milliseconds rossum_lifetime = std::chrono::hours(162);
    Milliseconds rossum_dies_after = Milliseconds::zero();
    unsigned rossum_rate = 10;
    bool rossum_login_revokes_older = false;
    bool rossum_exchange_revokes_old = false;
    bool rossum_one_time = false;
    bool rossum_exchange_remaining = false;
    bool rossum_exchange_dies_with_old = false;
    bool rossum_domain = false;
    std::string rossum_over_maximum = "refuse";
    std::string rossum_no_header = "403";
    bool rossum_totals = true;
    unsigned rossum_organizations = 1;

    std::string oz_api = "6";
    Milliseconds oz_session_ttl = std::chrono::minutes(15);
    Milliseconds oz_longlive_ttl = std::chrono::hours(24 * 365 * 5);
    bool oz_sliding = true;
    bool oz_login_revokes_older = false;
    bool oz_refresh_after_expiry = true;
    std::string oz_service_token_method = "GET";
    bool oz_service_token_reuse = false;
    std::string oz_slash = "both";
    std::string oz_expire_date = "float";
    Milliseconds oz_expire_date_skew = Milliseconds::zero();

    Milliseconds oauth_lifetime = std::chrono::hours(1);
    std::string oauth_expires_in = "number";
    bool oauth_rotate = true;
    bool oauth_issue_refresh_token = true;
    std::string oauth_authentication = "both";
    std::string oauth_scopes = "read write";

    // A value from the command line or the control API. `name` with '-' or '_'. An unknown name, or
    // a value that does not parse or is not among the choices: invalid_input, with what is allowed.
    Result<void> set(std::string_view name, std::string_view value);
};

// One row of the table that the command line, the control API and --help share.
struct SettingInfo {
    using Member = std::variant<bool Settings::*, unsigned Settings::*, Milliseconds Settings::*,
                                std::string Settings::*>;
    std::string_view name;  // with '-'
    Member member;
    std::string_view help;
    std::vector<std::string_view> choices;  // of a text; empty: any
};
std::span<const SettingInfo> all_settings();

// The value as set() reads it back.
std::string setting_text(const Settings& settings, const SettingInfo& info);

}  // namespace tokenbroker::sandbox
