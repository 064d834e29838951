#pragma once

#include "core/budget.hpp"
#include "core/token.hpp"
#include "core/verdict.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::core {

enum class TokenState { none, valid, expired };
enum class LoginState { idle, in_progress, backing_off, throttled, suspended };
std::string_view token_state_name(TokenState state) noexcept;
std::string_view login_state_name(LoginState state) noexcept;

// An account as http-api.md shows it, but for what only the broker knows (recipe, upstream, sinks).
struct AccountView {
    TokenState token = TokenState::none;
    std::optional<TokenTimes> times;  // with valid and expired
    std::optional<WallTime> refresh_at;
    std::string token_note;  // empty, or "the step exchange failed for good; ..."

    LoginState login = LoginState::idle;
    WaitingFor waiting_for = WaitingFor::nothing;
    unsigned consecutive_failures = 0;
    std::optional<WallTime> last_attempt_at;
    std::optional<LoginError> last_error;
    std::optional<WallTime> retry_at;
    std::optional<BootTime> next_attempt;  // a login or a refresh; none: not planned
    Budget budget;
    unsigned budget_left = 0;
};

}  // namespace tokenbroker::core
