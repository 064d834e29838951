#include "cli/recipes_helper.hpp"
#include "document/mistakes.hpp"
#include "document/nearest.hpp"
#include "host/files.hpp"
#include "recipe/inputs.hpp"
#include "recipe/parse.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace tokenbroker::cli {
namespace {

constexpr const char* default_folder = "/etc/tokenbroker/recipes";

Result<std::string> read_text(const std::string& path) {
    auto content = host::read_file(host::FileSystem::kernel(), path, recipe::largest_recipe + 1,
                                   host::Links::follow);
    if (!content) return content.error();
    return std::string(content->bytes.reveal());
}

void print(const document::Mistakes& mistakes) {
    for (const Mistake& mistake : mistakes.sorted())
        std::cerr << mistake.text() << '\n';
}

void add_folder(recipe::Library& library, const std::string& folder, bool must_be_there) {
    const auto names = host::list_folder(folder);
    if (!names) {
        if (must_be_there) std::cerr << names.error().message() << '\n';
        return;
    }
    for (const std::string& name : *names) {
        if (!name.ends_with(".yaml")) continue;
        const std::string path = (std::filesystem::path(folder) / name).string();
        const auto text = read_text(path);
        document::Mistakes mistakes;
        if (text) {
            library.add(*text, path, mistakes);
        } else {
            std::cerr << text.error().message() << '\n';
        }
        print(mistakes);
    }
}

// Arguments of a command with folders and some words.
struct Words {
    std::vector<std::string> folders;
    std::vector<std::string> words;
};
std::optional<int> parse(const std::string& command, const std::string& word, std::size_t count,
                         const std::vector<std::string>& arguments, Words& into) {
    CLI::App app("", "tokenctl recipes " + command);
    app.add_option("--recipes", into.folders, "folders with recipes besides the built-in ones")
        ->type_name("FOLDER");
    if (count > 0) app.add_option(word, into.words)->required()->expected(static_cast<int>(count));
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        std::cout << app.help();
        return recipes_done;
    } catch (const CLI::ParseError& error) {
        return recipes_fail(recipes_usage, error.what());
    }
    return std::nullopt;
}

std::string input_names(const recipe::Recipe& recipe) {
    std::string text;
    for (const recipe::Input& input : recipe.inputs)
        text += (text.empty() ? "" : ", ") + input.name;
    return text;
}

}  // namespace

recipe::Library load_library(const std::vector<std::string>& folders) {
    recipe::Library library = recipe::Library::with_built_ins();
    for (const std::string& folder : folders)
        add_folder(library, folder, true);
    if (folders.empty()) add_folder(library, default_folder, false);
    return library;
}

recipe::RecipeHandle load_recipe_file(const std::string& path) {
    const auto text = read_text(path);
    if (!text) {
        std::cerr << text.error().message() << '\n';
        return nullptr;
    }
    document::Mistakes mistakes;
    auto recipe = recipe::parse_recipe(*text, path, mistakes);
    print(mistakes);
    return recipe ? std::make_shared<const recipe::Recipe>(std::move(*recipe)) : nullptr;
}

int run_recipes_list(const std::vector<std::string>& arguments) {
    Words given;
    if (const auto ended = parse("list", "", 0, arguments, given)) return *ended;
    const recipe::Library library = load_library(given.folders);
    std::size_t widest = 0;
    for (const std::string_view name : library.names())
        widest = std::max(widest, name.size());
    for (const recipe::RecipeHandle& recipe : library.all()) {
        std::cout << recipe->name << std::string(widest + 2 - recipe->name.size(), ' ')
                  << recipe->title << (recipe->built_in ? "" : " (from a file)")
                  << (recipe->provision.empty() ? "" : ", can be provisioned") << '\n'
                  << std::string(widest + 2, ' ') << "inputs: " << input_names(*recipe) << '\n';
    }
    return recipes_done;
}

int run_recipes_show(const std::vector<std::string>& arguments) {
    Words given;
    if (const auto ended = parse("show", "NAME", 1, arguments, given)) return *ended;
    const recipe::Library library = load_library(given.folders);
    const recipe::RecipeHandle recipe = library.find(given.words.front());
    if (recipe != nullptr) {
        std::cout << recipe->source;
        return recipes_done;
    }
    const auto names = library.names();
    return recipes_fail(recipes_failed, "there is no recipe \"" + given.words.front() + "\"; " +
                                            document::suggest(given.words.front(), names));
}

int run_recipes_check(const std::vector<std::string>& arguments) {
    Words given;
    if (const auto ended = parse("check", "FILE", 1, arguments, given)) return *ended;
    const recipe::RecipeHandle recipe = load_recipe_file(given.words.front());
    if (recipe == nullptr) return recipes_failed;
    std::cout << "the recipe \"" << recipe->name << "\" is right\n";
    return recipes_done;
}

}  // namespace tokenbroker::cli
