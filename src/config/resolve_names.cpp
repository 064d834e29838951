#include "config/resolve_names.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace tokenbroker::config {
namespace {

bool resolve(std::optional<core::NamedId>& waiting, Environment& environment,
             Environment::Id (Environment::*look_up)(const std::string&)) {
    if (!waiting || waiting->id) return false;
    const Environment::Id found = (environment.*look_up)(waiting->name);
    if (found.answer != Environment::Answer::found) return false;
    waiting->id = found.id;
    return true;
}

bool resolve(core::AllowList& list, Environment& environment) {
    if (!list.unresolved()) return false;
    std::vector<core::AllowLine> lines = list.lines();
    bool any = false;
    for (core::AllowLine& line : lines) {
        any |= resolve(line.user, environment, &Environment::user);
        any |= resolve(line.group, environment, &Environment::group);
    }
    list = core::AllowList(std::move(lines));
    return any;
}

}  // namespace

bool has_unresolved_names(const Settings& settings) {
    return settings.admin.unresolved() ||
           std::ranges::any_of(settings.accounts, [](const auto& account) {
               return account.second.allow.unresolved();
           });
}

bool resolve_names(Settings& settings, Environment& environment) {
    bool any = resolve(settings.admin, environment);
    for (auto& [name, account] : settings.accounts)
        any |= resolve(account.allow, environment);
    return any;
}

}  // namespace tokenbroker::config
