#pragma once

#include "base/secret.hpp"
#include "recipe/recipe.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// New passwords: the vendor's rules, as far as they can be known here. The vendor's own check comes
// after and is the one that counts.
namespace tokenbroker::provision {

// What is wrong with a password, a line each, without the password. `inputs` has what it may not
// resemble.
std::vector<std::string> password_mistakes(const recipe::PasswordRules& rules,
                                           std::string_view password, const recipe::Values& inputs);

// Fills memory with random bytes: host::fill_random, or a test's.
using Random = std::function<void(char* bytes, std::size_t count)>;

// A password that keeps the rules: 32 characters, or as near to that as the rules let it be, of
// letters, digits, '-' and '_', so that it needs no quotes anywhere.
Secret generate_password(const recipe::PasswordRules& rules, const recipe::Values& inputs,
                         const Random& random);

}  // namespace tokenbroker::provision
