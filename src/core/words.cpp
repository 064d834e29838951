// The words of the enums: one spelling for logs, metrics, status and files.
#include "core/account_status.hpp"
#include "core/budget.hpp"
#include "core/ledger_record.hpp"
#include "core/step.hpp"
#include "core/token.hpp"
#include "core/verdict.hpp"

#include <array>
#include <cstddef>
#include <variant>

namespace tokenbroker::core {
namespace {

constexpr std::array<std::string_view, 7> verdicts{
    "ok", "refused", "throttled", "unavailable", "expired", "unexpected", "misconfigured"};
constexpr std::array<std::string_view, 4> expiry_sources{"stated", "requested", "assumed", "none"};
constexpr std::array<std::string_view, 3> causes{"need", "client", "admin"};
constexpr std::array<std::string_view, 4> waits{"nothing", "upstream", "account_budget",
                                                "realm_budget"};
constexpr std::array<std::string_view, 5> kinds{"acquire", "continue", "refresh", "probe",
                                                "revoke"};
constexpr std::array<std::string_view, 3> token_states{"none", "valid", "expired"};
constexpr std::array<std::string_view, 5> login_states{"idle", "in_progress", "backing_off",
                                                       "throttled", "suspended"};

template <class Enum, std::size_t size>
std::string_view name_of(const std::array<std::string_view, size>& names, Enum value) noexcept {
    const auto index = static_cast<std::size_t>(value);
    return index < size ? names[index] : std::string_view();
}

template <class Enum, std::size_t size>
std::optional<Enum> named(const std::array<std::string_view, size>& names,
                          std::string_view name) noexcept {
    for (std::size_t index = 0; index < size; ++index) {
        if (names[index] == name) return static_cast<Enum>(index);
    }
    return std::nullopt;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) noexcept {
    return name_of(verdicts, verdict);
}
std::optional<Verdict> verdict_from_name(std::string_view name) noexcept {
    return named<Verdict>(verdicts, name);
}
std::string_view expiry_source_name(ExpirySource source) noexcept {
    return name_of(expiry_sources, source);
}
std::optional<ExpirySource> expiry_source_from_name(std::string_view name) noexcept {
    return named<ExpirySource>(expiry_sources, name);
}
std::string_view cause_name(Cause cause) noexcept {
    return name_of(causes, cause);
}
std::optional<Cause> cause_from_name(std::string_view name) noexcept {
    return named<Cause>(causes, name);
}
std::string_view waiting_for_name(WaitingFor what) noexcept {
    return name_of(waits, what);
}
std::string_view attempt_kind_name(AttemptKind kind) noexcept {
    return name_of(kinds, kind);
}
std::string_view token_state_name(TokenState state) noexcept {
    return name_of(token_states, state);
}
std::string_view login_state_name(LoginState state) noexcept {
    return name_of(login_states, state);
}

const Stamp& stamp_of(const LedgerRecord& record) noexcept {
    return *std::visit([](const auto& known) { return &known.at; }, record);
}

}  // namespace tokenbroker::core
