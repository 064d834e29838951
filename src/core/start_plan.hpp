#pragma once

#include "base/time.hpp"
#include "core/account_settings.hpp"
#include "core/budget.hpp"

#include <map>
#include <string>
#include <vector>

namespace tokenbroker::core {

// How long `accounts` logins take behind a realm's budget.
Milliseconds cold_start(std::size_t accounts, const Budget& realm) noexcept;

// What the configured accounts can't live on, one sentence with the arithmetic each; empty where
// all is well. `realms` holds those that the configuration lists, others have the default.
//   "realm rossum: 200 accounts behind 60 logins a minute: a cold start takes 3 min 20 s"
//   "account a: tokens of 5s need 1800 logins an hour, its budget allows 5 in 1h"
std::vector<std::string> budget_warnings(const std::vector<AccountSettings>& accounts,
                                         const std::map<std::string, Budget>& realms);

}  // namespace tokenbroker::core
