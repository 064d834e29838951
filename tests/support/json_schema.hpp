#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tokenbroker::support {

// JSON Schema as far as our schemas go. A keyword that is not known here is an error of the test.
class JsonSchema {
public:
    explicit JsonSchema(boost::json::value schema) : root_(std::move(schema)) {}

    [[nodiscard]] bool takes(const boost::json::value& value) const { return takes(root_, value); }

private:
    using Json = boost::json::value;

    bool takes(const Json& schema, const Json& value) const {
        if (schema.is_bool()) return schema.get_bool();
        return std::ranges::all_of(schema.as_object(), [&](const auto& keyword) {
            return holds(schema.get_object(), keyword.key(), keyword.value(), value);
        });
    }

    bool holds(const boost::json::object& schema, std::string_view keyword, const Json& is,
               const Json& value) const {
        static constexpr std::string_view says_nothing[] = {
            "$schema", "$id", "$defs", "definitions", "title", "description", "default"};
        if (std::ranges::find(says_nothing, keyword) != std::end(says_nothing)) return true;
        const auto taken = [&](const Json& other) { return takes(other, value); };
        if (keyword == "$ref") return takes(target(is.as_string()), value);
        if (keyword == "anyOf") return std::ranges::any_of(is.as_array(), taken);
        if (keyword == "allOf") return std::ranges::all_of(is.as_array(), taken);
        if (keyword == "oneOf") return std::ranges::count_if(is.as_array(), taken) == 1;
        if (keyword == "not") return !takes(is, value);
        if (keyword == "const") return value == is;
        if (keyword == "enum")
            return std::ranges::find(is.as_array(), value) != is.as_array().end();
        if (keyword == "type") {
            if (is.is_string()) return has_type(value, is.as_string());
            return std::ranges::any_of(
                is.as_array(), [&](const Json& type) { return has_type(value, type.as_string()); });
        }
        if (const auto* text = value.if_string()) {
            if (keyword == "pattern")
                return std::regex_search(std::string(*text), expression(is.as_string()));
        }
        if (value.is_number()) {
            if (keyword == "minimum") return value.to_number<double>() >= is.to_number<double>();
            if (keyword == "maximum") return value.to_number<double>() <= is.to_number<double>();
        }
        if (const auto* list = value.if_array()) {
            if (keyword == "minItems") return list->size() >= is.to_number<std::size_t>();
            if (keyword == "maxItems") return list->size() <= is.to_number<std::size_t>();
            if (keyword == "items")
                return std::ranges::all_of(*list,
                                           [&](const Json& item) { return takes(is, item); });
        }
        if (const auto* object = value.if_object()) return of_object(schema, keyword, is, *object);
        return known(keyword);
    }

    bool of_object(const boost::json::object& schema, std::string_view keyword, const Json& is,
                   const boost::json::object& object) const {
        if (keyword == "minProperties") return object.size() >= is.to_number<std::size_t>();
        if (keyword == "maxProperties") return object.size() <= is.to_number<std::size_t>();
        if (keyword == "required") {
            return std::ranges::all_of(
                is.as_array(), [&](const Json& name) { return object.contains(name.as_string()); });
        }
        const auto each = [&](auto holds_for) {
            return std::ranges::all_of(object, [&](const auto& member) {
                return holds_for(Json(member.key()), member.value());
            });
        };
        if (keyword == "propertyNames")
            return each([&](const Json& name, const Json&) { return takes(is, name); });
        if (keyword == "properties") {
            return each([&](const Json& name, const Json& member) {
                const Json* its = is.as_object().if_contains(name.as_string());
                return its == nullptr || takes(*its, member);
            });
        }
        if (keyword == "additionalProperties") {
            const Json* named = schema.if_contains("properties");
            return each([&](const Json& name, const Json& member) {
                const bool has_own =
                    named != nullptr && named->as_object().contains(name.as_string());
                return has_own || takes(is, member);
            });
        }
        return known(keyword);
    }

    // A keyword about another type of value holds for this one.
    static bool known(std::string_view keyword) {
        static constexpr std::string_view others[] = {
            "pattern",       "minimum",  "maximum",       "minItems",
            "maxItems",      "items",    "minProperties", "properties",
            "maxProperties", "required", "propertyNames", "additionalProperties"};
        if (std::ranges::find(others, keyword) != std::end(others)) return true;
        throw std::runtime_error("a keyword that this test does not know: " + std::string(keyword));
    }

    static bool has_type(const Json& value, std::string_view type) {
        if (type == "object") return value.is_object();
        if (type == "array") return value.is_array();
        if (type == "string") return value.is_string();
        if (type == "boolean") return value.is_bool();
        if (type == "null") return value.is_null();
        if (type == "integer") return value.is_int64() || value.is_uint64();
        if (type == "number") return value.is_number();
        throw std::runtime_error("a type that is none: " + std::string(type));
    }

    // "#/$defs/step"
    [[nodiscard]] const Json& target(std::string_view reference) const {
        boost::system::error_code error;
        const Json* found = root_.find_pointer(reference.substr(1), error);
        if (found == nullptr) throw std::runtime_error("no " + std::string(reference));
        return *found;
    }

    // Compiled once each.
    const std::regex& expression(std::string_view text) const {
        return expressions_.try_emplace(std::string(text), std::string(text)).first->second;
    }

    Json root_;
    mutable std::map<std::string, std::regex> expressions_;
};

}  // namespace tokenbroker::support
