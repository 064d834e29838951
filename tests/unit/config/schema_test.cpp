#include "config/keys.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

// The parser and the JSON Schema for editors know the same keys and words.
namespace tokenbroker::config {
namespace {

namespace json = boost::json;
using Words = std::span<const std::string_view>;

json::value schema() {
    std::ifstream file(TOKENBROKER_CONFIG_FOLDER "/tokenbroker.schema.json");
    std::ostringstream text;
    text << file.rdbuf();
    return json::parse(text.str());
}

std::set<std::string> set_of(Words words) {
    return {words.begin(), words.end()};
}

const json::object& at(const json::value& root, const std::string& pointer) {
    boost::system::error_code error;
    const json::value* found = root.find_pointer(pointer, error);
    if (found == nullptr || !found->is_object())
        throw std::runtime_error("the schema has no " + pointer);
    return found->as_object();
}

struct Map {
    std::string pointer;
    Words keys;
};
const std::vector<Map>& maps() {
    static const std::vector<Map> all{
        {"", keys::root},
        {"/properties/socket", keys::socket},
        {"/properties/metrics", keys::metrics},
        {"/properties/state", keys::state},
        {"/properties/log", keys::log},
        {"/properties/limits", keys::limits},
        {"/definitions/backoff", keys::backoff},
        {"/definitions/throttle", keys::throttle},
        {"/definitions/account_throttle", keys::account_throttle},
        {"/definitions/realm", keys::realm},
        {"/definitions/defaults", keys::defaults},
        {"/definitions/account", keys::account},
        {"/definitions/allow_line", keys::allow},
        {"/definitions/refresh", keys::refresh},
        {"/definitions/probe", keys::probe},
        {"/definitions/tls", keys::tls},
        {"/definitions/sink", keys::sink},
        {"/definitions/secret_source", keys::secret},
    };
    return all;
}

TEST(Schema, knows_the_same_keys_as_the_parser) {
    const json::value root = schema();
    for (const auto& [pointer, words] : maps()) {
        const json::object& map = at(root, pointer);
        std::set<std::string> properties;
        for (const auto& property : map.at("properties").as_object())
            properties.insert(std::string(property.key()));
        EXPECT_EQ(properties, set_of(words)) << pointer;
        EXPECT_EQ(map.at("additionalProperties"), false) << pointer;
    }
}

// Every map with keys of its own is in the list above.
void count_maps(const json::value& value, std::size_t& count) {
    if (const auto* object = value.if_object()) {
        if (object->contains("properties")) ++count;
        for (const auto& member : *object)
            count_maps(member.value(), count);
    }
    if (const auto* array = value.if_array()) {
        for (const auto& item : *array)
            count_maps(item, count);
    }
}
TEST(Schema, has_no_map_that_the_parser_does_not_know) {
    std::size_t count = 0;
    count_maps(schema(), count);
    EXPECT_EQ(count, maps().size());
}

TEST(Schema, knows_the_same_words_as_the_parser) {
    const json::value root = schema();
    const auto words = [&](const std::string& pointer) {
        std::set<std::string> found;
        for (const auto& word : at(root, pointer).at("enum").as_array())
            found.insert(std::string(word.as_string()));
        return found;
    };
    EXPECT_EQ(words("/properties/log/properties/level"), set_of(keys::log_levels));
    EXPECT_EQ(words("/properties/log/properties/format"), set_of(keys::log_formats));
    EXPECT_EQ(words("/definitions/account/properties/login"), set_of(keys::logins));
    EXPECT_EQ(words("/definitions/defaults/properties/login"), set_of(keys::logins));
    EXPECT_EQ(words("/definitions/sink/properties/format"), set_of(keys::sink_formats));
}

TEST(Schema, refers_only_to_what_it_defines) {
    const json::value root = schema();
    const json::object& definitions = at(root, "/definitions");
    std::string text = json::serialize(root);
    const std::string mark = "\"$ref\":\"#/definitions/";
    std::set<std::string> used;
    for (std::size_t i = text.find(mark); i != std::string::npos; i = text.find(mark, i + 1)) {
        const std::size_t begin = i + mark.size();
        used.insert(text.substr(begin, text.find('"', begin) - begin));
    }
    std::set<std::string> defined;
    for (const auto& definition : definitions)
        defined.insert(std::string(definition.key()));
    EXPECT_EQ(used, defined);
}

}  // namespace
}  // namespace tokenbroker::config
