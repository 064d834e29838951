#include "core/start_plan.hpp"

#include "core/refresh_policy.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tokenbroker::core {
namespace {

// "3 min 20 s", "2 h 5 min", "45 s": for a sentence.
std::string spoken(Milliseconds span) {
    const auto total = std::chrono::ceil<std::chrono::seconds>(span).count();
    const auto hours = total / 3600;
    const auto minutes = total / 60 % 60;
    const auto seconds = total % 60;
    std::string text;
    const auto add = [&text](auto number, const char* unit) {
        if (number > 0) text += (text.empty() ? "" : " ") + std::to_string(number) + " " + unit;
    };
    add(hours, "h");
    add(minutes, "min");
    if (hours == 0) add(seconds, "s");
    return text.empty() ? "0 s" : text;
}

// "60 logins a minute", "5 logins in 2h".
std::string spoken(const Budget& budget) {
    std::string per = " in " + format_duration(budget.per);
    if (budget.per == std::chrono::minutes(1)) per = " a minute";
    if (budget.per == std::chrono::hours(1)) per = " an hour";
    if (budget.per == std::chrono::hours(24)) per = " a day";
    return std::to_string(budget.logins) + (budget.logins == 1 ? " login" : " logins") + per;
}

// From one refresh to the next at the earliest, where the account renews by logging in.
std::optional<Milliseconds> login_interval(const AccountSettings& account) {
    if (!account.lifetime || account.has_refresh) return std::nullopt;
    const Milliseconds lead =
        refresh_lead(account.refresh, *account.lifetime, 0, account.backoff.step(1));
    return std::max(*account.lifetime - lead, shortest_wait);
}

double logins_in(Milliseconds window, Milliseconds interval) {
    return static_cast<double>(window.count()) / static_cast<double>(interval.count());
}

std::string number(double value) {
    return std::to_string(static_cast<long>(std::ceil(value)));
}

}  // namespace

Milliseconds cold_start(std::size_t accounts, const Budget& realm) noexcept {
    const auto count = static_cast<Milliseconds::rep>(accounts);
    return realm.per * count / static_cast<Milliseconds::rep>(std::max(realm.logins, 1U));
}

std::vector<std::string> budget_warnings(const std::vector<AccountSettings>& accounts,
                                         const std::map<std::string, Budget>& realms) {
    struct Load {
        std::size_t accounts = 0;
        double logins = 0;  // in one window of the realm, once all is under way
    };
    const auto budget_of = [&realms](const std::string& realm) {
        const auto found = realms.find(realm);
        return found == realms.end() ? default_realm_budget : found->second;
    };
    std::vector<std::string> warnings;
    std::map<std::string, Load> loads;
    for (const AccountSettings& account : accounts) {
        Load& load = loads[account.realm];
        ++load.accounts;
        const auto interval = login_interval(account);
        if (!interval) continue;
        load.logins += logins_in(budget_of(account.realm).per, *interval);
        const double needed = logins_in(account.budget.per, *interval);
        if (needed > account.budget.logins) {
            warnings.push_back("account " + account.account + ": tokens of " +
                               format_duration(*account.lifetime) + " need " + number(needed) +
                               " logins in " + format_duration(account.budget.per) +
                               ", its budget is " + spoken(account.budget));
        }
    }
    for (const auto& [realm, load] : loads) {
        const Budget budget = budget_of(realm);
        if (load.accounts > budget.logins) {
            warnings.push_back("realm " + realm + ": " + std::to_string(load.accounts) +
                               " accounts behind " + spoken(budget) + ": a cold start takes " +
                               spoken(cold_start(load.accounts, budget)));
        }
        if (load.logins > budget.logins) {
            warnings.push_back("realm " + realm + ": its accounts need " + number(load.logins) +
                               " logins in " + format_duration(budget.per) + ", the realm allows " +
                               spoken(budget));
        }
    }
    return warnings;
}

}  // namespace tokenbroker::core
