#pragma once

#include "recipe/recipe.hpp"
#include "recipe/secret_text.hpp"

#include <optional>
#include <string>

namespace tokenbroker::recipe {

// The template with the values as they are; none where a value is not there.
std::optional<Secret> expand(const Template& text, const Values& values);

// Writes a JSON template with its values filled in. A member or an element whose value is not there
// is left out. Returns what is wrong, or an empty text.
std::string write_json(const JsonTemplate& json, const Values& values, SecretText& out);

}  // namespace tokenbroker::recipe
