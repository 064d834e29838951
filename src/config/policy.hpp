#pragma once

#include "config/settings.hpp"
#include "core/account_settings.hpp"

#include <string>

namespace tokenbroker::config {

// What core needs of an account, with what its recipe adds.
core::AccountSettings core_settings(const AccountSettings& account);

// A short text that is another one whenever something changed that a login depends on: recipe, URL,
// inputs, where secrets come from (not what they are), TLS, proxy. Kept beside a suspension, which
// it lifts. Holds no secret.
std::string login_fingerprint(const AccountSettings& account);

}  // namespace tokenbroker::config
