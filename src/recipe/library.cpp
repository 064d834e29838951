#include "recipe/library.hpp"

#include "recipe/parse.hpp"

namespace tokenbroker::recipe {

Library Library::with_built_ins() {
    Library library;
    document::Mistakes mistakes;
    for (const BuiltIn& built_in : built_in_recipes()) {
        const std::string file = "built-in/" + std::string(built_in.file);
        auto recipe = parse_recipe(built_in.text, file, mistakes);
        if (!recipe) throw ErrorException(Error(Errc::internal, mistakes.sorted().front().text()));
        recipe->built_in = true;
        std::string name = recipe->name;
        library.by_name_.emplace(std::move(name),
                                 std::make_shared<const Recipe>(std::move(*recipe)));
    }
    return library;
}

bool Library::add(std::string_view text, const std::string& file, document::Mistakes& mistakes) {
    auto recipe = parse_recipe(text, file, mistakes);
    if (!recipe) return false;
    const RecipeHandle there = find(recipe->name);
    if (there != nullptr) {
        mistakes.add(
            {file, 0, 0},
            there->built_in
                ? "\"" + recipe->name +
                      "\" is a built-in recipe, and can't be replaced: name yours otherwise"
                : "the recipe \"" + recipe->name + "\" is in " + file_of_[recipe->name] +
                      " already");
        return false;
    }
    file_of_[recipe->name] = file;
    std::string name = recipe->name;
    by_name_.emplace(std::move(name), std::make_shared<const Recipe>(std::move(*recipe)));
    return true;
}

RecipeHandle Library::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
}

std::vector<RecipeHandle> Library::all() const {
    std::vector<RecipeHandle> recipes;
    for (const auto& [name, recipe] : by_name_)
        recipes.push_back(recipe);
    return recipes;
}

std::vector<std::string_view> Library::names() const {
    std::vector<std::string_view> names;
    for (const auto& [name, recipe] : by_name_)
        names.push_back(name);
    return names;
}

}  // namespace tokenbroker::recipe
