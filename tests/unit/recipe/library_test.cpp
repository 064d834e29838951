#include "recipe/library.hpp"

#include "recipe_helpers.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace tokenbroker::recipe {
namespace {

using testing::ElementsAre;

std::string named(std::string_view name) {
    std::string text = recipe_text("",
                                   "  - step: login\n    login: true\n    request: { method: GET, "
                                   "path: /a }\n    take: { token: /a }\n");
    return text.replace(text.find("sample"), 6, name);
}

std::vector<std::string> add(Library& library, std::string_view text, const std::string& file) {
    document::Mistakes mistakes;
    const bool added = library.add(text, file, mistakes);
    EXPECT_EQ(added, mistakes.empty());
    std::vector<std::string> texts;
    for (const Mistake& mistake : mistakes.sorted())
        texts.push_back(mistake.text());
    return texts;
}

TEST(Library, has_the_built_in_recipes) {
    const Library library = Library::with_built_ins();
    EXPECT_THAT(library.names(),
                ElementsAre("oauth2-client-credentials", "oauth2-password", "oauth2-refresh-token",
                            "oz", "oz-service-token", "rossum"));
    for (const RecipeHandle& recipe : library.all()) {
        EXPECT_TRUE(recipe->built_in);
        EXPECT_FALSE(recipe->source.empty());
    }
    EXPECT_EQ(library.find("rossum")->title, "Rossum");
    EXPECT_EQ(library.find("other"), nullptr);
}

TEST(Library, holds_the_very_text_of_the_files) {
    for (const BuiltIn& built_in : built_in_recipes()) {
        std::ifstream file(std::string(TOKENBROKER_CONFIG) + "/recipes/" +
                           std::string(built_in.file));
        const std::string text((std::istreambuf_iterator<char>(file)),
                               std::istreambuf_iterator<char>());
        EXPECT_EQ(built_in.text, text) << built_in.file;
    }
}

TEST(Library, calls_each_file_as_its_recipe) {
    for (const BuiltIn& built_in : built_in_recipes()) {
        EXPECT_EQ(parse_good(built_in.text).name + ".yaml", built_in.file);
    }
}

TEST(Library, takes_recipes_of_operators) {
    Library library = Library::with_built_ins();
    EXPECT_THAT(add(library, named("mine"), "mine.yaml"), ElementsAre());
    ASSERT_NE(library.find("mine"), nullptr);
    EXPECT_FALSE(library.find("mine")->built_in);
}

TEST(Library, replaces_no_recipe) {
    Library library = Library::with_built_ins();
    EXPECT_THAT(add(library, named("rossum"), "r.yaml"),
                ElementsAre("r.yaml: \"rossum\" is a built-in recipe, and can't be replaced: name "
                            "yours otherwise"));
    EXPECT_TRUE(library.find("rossum")->built_in);
    EXPECT_THAT(add(library, named("mine"), "a.yaml"), ElementsAre());
    EXPECT_THAT(add(library, named("mine"), "b.yaml"),
                ElementsAre("b.yaml: the recipe \"mine\" is in a.yaml already"));
    EXPECT_THAT(add(library, "recipe: x\n", "c.yaml"), testing::SizeIs(testing::Ge(1U)));
}

TEST(Examples, are_right) {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(TOKENBROKER_CONFIG "/examples/recipes")) {
        std::ifstream file(entry.path());
        const std::string text((std::istreambuf_iterator<char>(file)),
                               std::istreambuf_iterator<char>());
        EXPECT_THAT(mistakes_in(text), ElementsAre()) << entry.path();
        EXPECT_NE(text.find("https://"), std::string::npos) << "names its source: " << entry.path();
        EXPECT_NE(text.find("tried only against a stand-in"), std::string::npos) << entry.path();
        ++count;
    }
    EXPECT_GE(count, 3U);
}

// The recipe that the tutorial writes piece by piece.
TEST(Tutorial, writes_a_recipe_that_is_right) {
    std::ifstream file(TOKENBROKER_CONFIG "/../docs/recipes.md");
    std::string recipe;
    std::string block;
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        if (line == "```yaml") {
            inside = true;
        } else if (line == "```") {
            if (inside && block.find("accounts:") == std::string::npos) recipe += block;
            block.clear();
            inside = false;
        } else if (inside) {
            block += line + "\n";
        }
    }
    EXPECT_THAT(mistakes_in(recipe), ElementsAre());
}

}  // namespace
}  // namespace tokenbroker::recipe
