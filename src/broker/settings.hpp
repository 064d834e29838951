#pragma once

#include "base/account_name.hpp"
#include "base/secret_source.hpp"
#include "core/account_settings.hpp"
#include "core/allow.hpp"
#include "core/budget.hpp"
#include "recipe/recipe.hpp"
#include "state/sealed_token.hpp"
#include "upstream/endpoint.hpp"

#include <map>
#include <memory>
#include <string>

namespace tokenbroker::broker {

// One account as it is to run: made by the daemon from the checked configuration.
struct AccountSettings {
    AccountName name;
    recipe::RecipeHandle recipe;
    std::string base_url;  // as status shows it
    std::string base_path;
    std::shared_ptr<const upstream::Endpoint> endpoint;
    recipe::Values inputs;                        // those that are not secret, defaults filled in
    std::map<std::string, SecretSource> secrets;  // the others, by name
    core::AllowList allow;
    core::AccountSettings policy;
    state::Binding binding;   // what makes it this account and no other
    std::string fingerprint;  // changes with anything that could mend a refused login
};

struct Settings {
    std::map<AccountName, AccountSettings> accounts;
    std::map<std::string, core::Budget> realms;
    core::AllowList admins;
};

}  // namespace tokenbroker::broker
