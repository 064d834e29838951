#include "recipe/keys.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>

#include <fstream>
#include <span>

namespace tokenbroker::recipe {
namespace {

namespace json = boost::json;

class Schema : public testing::Test {
protected:
    Schema() {
        std::ifstream file(TOKENBROKER_CONFIG "/recipe.schema.json");
        const std::string text((std::istreambuf_iterator<char>(file)),
                               std::istreambuf_iterator<char>());
        schema_ = json::parse(text);
    }

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

}  // namespace
}  // namespace tokenbroker::recipe
