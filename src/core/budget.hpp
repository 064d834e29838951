#pragma once

#include "base/time.hpp"

#include <optional>
#include <string_view>

namespace tokenbroker::core {

// Why a login is made (behaviour.md 3).
enum class Cause { need, client, admin };
std::string_view cause_name(Cause cause) noexcept;
std::optional<Cause> cause_from_name(std::string_view name) noexcept;

// At most `logins` in any window of `per`.
struct Budget {
    unsigned logins = 5;
    Milliseconds per = std::chrono::hours(1);

    bool operator==(const Budget&) const = default;
    // What clients and admins together may spend of it: half, rounded down, at least one.
    [[nodiscard]] unsigned share() const noexcept { return logins / 2 > 0 ? logins / 2 : 1; }
};
inline constexpr Budget default_realm_budget{60, std::chrono::minutes(1)};

// What a login waits for, in the words of http-api.md.
enum class WaitingFor { nothing, upstream, account_budget, realm_budget };
std::string_view waiting_for_name(WaitingFor what) noexcept;

}  // namespace tokenbroker::core
