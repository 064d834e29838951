#include "document/parse.hpp"
#include "recipe/keys.hpp"
#include "recipe_helpers.hpp"
#include "support/json_schema.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <span>

namespace tokenbroker::recipe {
namespace {

namespace json = boost::json;

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {(std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()};
}

// A document as an editor sees it, by YAML's core schema.
json::value as_json(const document::Value& value) {
    switch (value.kind()) {
        case document::Kind::scalar:
            break;
        case document::Kind::list: {
            json::array list;
            for (const document::Value& item : value.items())
                list.push_back(as_json(item));
            return list;
        }
        case document::Kind::map: {
            json::object map;
            for (const document::Entry& entry : value.entries())
                map[entry.key] = as_json(entry.value);
            return map;
        }
        default:
            return nullptr;
    }
    static const std::regex number("-?(0|[1-9][0-9]{0,17})");
    if (value.quoted()) return json::value(json::string(value.text()));
    if (value.text() == "true" || value.text() == "false") return value.text() == "true";
    if (std::regex_match(value.text(), number)) return std::stoll(value.text());
    return json::value(json::string(value.text()));
}

json::value document_of(const std::string& text) {
    document::Mistakes mistakes;
    const auto parsed = document::parse(text, "sample.yaml", mistakes);
    EXPECT_TRUE(mistakes.empty());
    return parsed ? as_json(*parsed) : json::value();
}

std::vector<std::filesystem::path> all_recipes() {
    std::vector<std::filesystem::path> paths;
    for (const char* folder : {"/recipes", "/examples/recipes"}) {
        for (const auto& entry :
             std::filesystem::directory_iterator(std::string(TOKENBROKER_CONFIG) + folder))
            paths.push_back(entry.path());
    }
    return paths;
}

class Schema : public testing::Test {
protected:
    Schema() : schema_(json::parse(text_of(TOKENBROKER_CONFIG "/recipe.schema.json"))) {}

    static std::vector<std::string> names(const json::object& properties) {
        std::vector<std::string> found;
        for (const auto& [name, value] : properties)
            found.emplace_back(name);
        return found;
    }
    const json::object& definition(std::string_view name) const {
        return schema_.at("$defs").at(json::string_view(name.data(), name.size())).as_object();
    }
    static std::vector<std::string> texts(std::span<const std::string_view> keys) {
        return {keys.begin(), keys.end()};
    }

    json::value schema_;
};

TEST_F(Schema, knows_the_keys_that_the_parser_knows) {
    EXPECT_THAT(names(schema_.at("properties").as_object()),
                testing::UnorderedElementsAreArray(texts(keys::recipe)));
    const std::vector<std::pair<std::string_view, std::span<const std::string_view>>> maps = {
        {"base", keys::base},           {"input", keys::input},   {"password", keys::password},
        {"condition", keys::condition}, {"step", keys::step},     {"request", keys::request},
        {"basic", keys::basic},         {"select", keys::select}, {"take", keys::take},
        {"token", keys::token},         {"header", keys::header}, {"expires", keys::expires},
        {"answer", keys::answer},
    };
    for (const auto& [name, expected] : maps) {
        EXPECT_THAT(names(definition(name).at("properties").as_object()),
                    testing::UnorderedElementsAreArray(texts(expected)))
            << name;
    }
}

TEST_F(Schema, takes_no_other_key_anywhere) {
    EXPECT_FALSE(schema_.at("additionalProperties").as_bool());
    for (const auto& [name, definition] : schema_.at("$defs").as_object()) {
        const auto* object = definition.if_object();
        if (!object->contains("properties")) continue;
        EXPECT_FALSE(object->at("additionalProperties").as_bool()) << name;
    }
}

TEST_F(Schema, knows_the_words_that_the_parser_knows) {
    const auto words = [](const json::value& list) {
        std::vector<std::string> found;
        for (const json::value& word : list.as_array())
            found.emplace_back(word.as_string());
        return found;
    };
    EXPECT_THAT(words(definition("input").at("properties").at("type").at("enum")),
                testing::ElementsAreArray(texts(keys::input_types)));
    EXPECT_THAT(words(definition("answer").at("properties").at("means").at("enum")),
                testing::ElementsAreArray(texts(keys::meanings)));
}

TEST_F(Schema, takes_every_recipe_that_there_is) {
    const support::JsonSchema schema(schema_);
    for (const auto& path : all_recipes())
        EXPECT_TRUE(schema.takes(document_of(text_of(path)))) << path;
}

TEST_F(Schema, refuses_what_the_parser_refuses) {
    const support::JsonSchema schema(schema_);
    const std::string step =
        "  - step: login\n    login: true\n    request: { method: GET, path: /a ";
    const auto with = [&](const std::string& request, const std::string& take = "{ token: /t }",
                          const std::string& rest = "") {
        return recipe_text("  a: {}\n", step + request + " }\n    take: " + take + "\n", rest);
    };
    ASSERT_TRUE(schema.takes(document_of(with(""))));
    const std::vector<std::string> wrong = {
        "",
        "[]",
        "recipe: x\n",
        with("", "{ token: /t }", "aquire: []\n"),
        with(", qery: { a: b }"),
        with(", query: [ a ]"),
        with("", "{ token: t }"),
        with("", "{ token: /a~b }"),
        with("", "{ token: { default: x } }"),
        with("", "{ token: /t }", "answers: [ { means: ok } ]\n"),
        with("", "{ token: /t }", "answers: [ { status: 99, means: ok } ]\n"),
        with("", "{ token: /t }", "answers: [ { status: 400, means: refusd } ]\n"),
        with("", "{ token: /t }", "answers: [ { json: { /a: { there: true } }, means: ok } ]\n"),
        with("", "{ token: /t }", "revoke: []\n"),
        with("", "{ token: /t }", "base: { strip: [ api ] }\n"),
        recipe_text("  a: { type: numbr }\n", step + "}\n    take: { token: /t }\n"),
        recipe_text("  A: {}\n", step + "}\n    take: { token: /t }\n"),
    };
    for (const std::string& text : wrong) {
        EXPECT_THAT(mistakes_in(text), testing::Not(testing::IsEmpty())) << text;
        EXPECT_FALSE(schema.takes(document_of(text))) << text;
    }
}

// Puts each of these in the place of each value, and tells `check` of the changed document. A
// number is a text to the parser, and to an editor most likely a mistake: none is put where a text
// was.
void change_each(json::value& root, json::value& at, const std::function<void()>& check) {
    const json::value before = at;
    for (const json::value& other :
         {json::value("x"), json::value("/x"), json::value(5), json::value(true), json::value(),
          json::value(json::array()), json::value(json::object()),
          json::value(json::array({"x"}))}) {
        if (before.is_string() && (other.is_number() || other.is_bool())) continue;
        at = other;
        check();
    }
    at = before;
    if (auto* list = at.if_array()) {
        for (json::value& item : *list)
            change_each(root, item, check);
    }
    if (auto* map = at.if_object()) {
        for (auto& member : *map)
            change_each(root, member.value(), check);
    }
}

TEST_F(Schema, is_nowhere_stricter_than_the_parser) {
    const support::JsonSchema schema(schema_);
    std::size_t taken = 0;
    for (const auto& path : all_recipes()) {
        json::value root = document_of(text_of(path));
        change_each(root, root, [&] {
            document::Mistakes mistakes;
            const std::string text = json::serialize(root);
            if (!parse_recipe(text, "changed.yaml", mistakes)) return;
            ++taken;
            EXPECT_TRUE(schema.takes(root)) << text;
        });
    }
    EXPECT_GT(taken, 100U) << "many a change leaves a recipe right";
}

}  // namespace
}  // namespace tokenbroker::recipe
