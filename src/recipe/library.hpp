#pragma once

#include "document/mistakes.hpp"
#include "recipe/recipe.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::recipe {

// The recipes that are compiled in: config/recipes/*.yaml.
struct BuiltIn {
    std::string_view file;  // "rossum.yaml"
    std::string_view text;
};
const std::vector<BuiltIn>& built_in_recipes();

// All recipes by name.
class Library {
public:
    // With the built-in ones. They are right: a test says so.
    static Library with_built_ins();

    // Adds an operator's recipe from the text of its file. Mistakes: those of the recipe, the name
    // of a built-in one, a name that another file has. True where it was added.
    bool add(std::string_view text, const std::string& file, document::Mistakes& mistakes);

    [[nodiscard]] RecipeHandle find(std::string_view name) const;  // null: no such recipe
    [[nodiscard]] std::vector<RecipeHandle> all() const;           // by name
    [[nodiscard]] std::vector<std::string_view> names()
        const;  // by name; as long as the library lives

private:
    std::map<std::string, RecipeHandle, std::less<>> by_name_;
    std::map<std::string, std::string, std::less<>> file_of_;
};

}  // namespace tokenbroker::recipe
