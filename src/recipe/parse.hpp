#pragma once

#include "document/mistakes.hpp"
#include "document/value.hpp"
#include "recipe/recipe.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::recipe {

inline constexpr std::size_t largest_recipe = std::size_t{256} * 1024;  // bytes

// A recipe file: reads the YAML, then as below.
std::optional<Recipe> parse_recipe(std::string_view text, const std::string& file,
                                   document::Mistakes& mistakes);

// Reads and checks a recipe. Nothing where a mistake was added.
std::optional<Recipe> read_recipe(const document::Value& document, document::Mistakes& mistakes);

}  // namespace tokenbroker::recipe
