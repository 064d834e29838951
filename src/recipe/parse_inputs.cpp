#include "document/nearest.hpp"
#include "document/read.hpp"
#include "recipe/inputs.hpp"
#include "recipe/keys.hpp"
#include "recipe/parts.hpp"

#include <algorithm>

namespace tokenbroker::recipe {
namespace {

using document::Kind;
using document::MapReader;
using document::Mistakes;

void read_type(const MapReader& map, Input& input, Mistakes& mistakes) {
    const document::Value* choices = map.find("choices");
    const document::Value* type = map.find("type");
    if (choices != nullptr) {
        input.type = InputType::choice;
        input.choices = read_texts(*choices, mistakes);
        if (type != nullptr)
            mistakes.add(type->place(), "an input has one of `type` and `choices`");
        return;
    }
    if (type == nullptr) return;
    const auto index = document::read_choice(*type, mistakes, keys::input_types);
    if (index) input.type = static_cast<InputType>(*index);
}

void read_required(const MapReader& map, Input& input, Mistakes& mistakes) {
    const document::Value* required = map.find("required");
    if (required == nullptr) return;
    if (required->kind() == Kind::map) {
        input.required_when = read_when(*required, mistakes);
    } else {
        map.take("required", input.required, document::read_boolean);
    }
}

void read_limits(const MapReader& map, Input& input, Mistakes& mistakes) {
    if (const document::Value* max = map.find("max")) {
        if (input.type == InputType::duration || input.type == InputType::integer) {
            input.max = read_input(input, *max, mistakes);
        } else {
            mistakes.add(max->place(), "only an integer or a duration has a `max`");
        }
    }
    if (const document::Value* otherwise = map.find("default")) {
        input.otherwise = read_input(input, *otherwise, mistakes);
        if (input.secret) mistakes.add(otherwise->place(), "a secret has no default");
        if (input.required) mistakes.add(otherwise->place(), "a required input has no default");
    }
}

std::optional<PasswordRules> read_password(const document::Value& value, Mistakes& mistakes) {
    const MapReader map(value, "the rules of a password", keys::password, mistakes);
    if (!map.usable()) return std::nullopt;
    PasswordRules rules;
    if (const document::Value* length = map.find("length")) {
        const bool pair = length->kind() == Kind::list && length->items().size() == 2;
        if (!pair)
            mistakes.add(length->place(), "expected the shortest and the longest length: [12, 64]");
        const auto least =
            pair ? document::read_integer(length->items()[0], mistakes, 1, 1024) : std::nullopt;
        const auto most =
            pair ? document::read_integer(length->items()[1], mistakes, least.value_or(1), 1024)
                 : std::nullopt;
        if (least) rules.shortest = static_cast<std::size_t>(*least);
        if (most) rules.longest = static_cast<std::size_t>(*most);
    }
    std::int64_t classes = rules.classes;
    map.take("classes", classes, document::read_integer, 1, 4);
    rules.classes = static_cast<unsigned>(classes);
    map.take("digits_only", rules.digits_only, document::read_boolean);
    map.take("common", rules.common, document::read_boolean);
    if (const document::Value* unlike = map.find("unlike"))
        rules.unlike = read_texts(*unlike, mistakes);
    return rules;
}

void check_secret(const Input& input, const document::Value& place, Mistakes& mistakes) {
    if (input.password && !input.secret)
        mistakes.add(place.place(), "a password is `secret: true`");
    if (!input.secret) return;
    if (input.type != InputType::text)
        mistakes.add(place.place(), "a secret is text: it has no `type` or `choices`");
    if (input.identity) {
        mistakes.add(place.place(),
                     "an input can't be both `secret` and `identity`: what identifies is shown");
    }
}

}  // namespace

std::vector<Input> read_inputs(const document::Value& value, Mistakes& mistakes) {
    std::vector<Input> inputs;
    if (document::expect_map(value, "a map of inputs", mistakes) == nullptr) return inputs;
    for (const document::Entry& entry : value.entries()) {
        if (!check_name(entry, mistakes)) continue;
        Input input;
        input.name = entry.key;
        input.place = entry.key_spot.place();
        if (entry.key == "token") {
            mistakes.add(
                input.place,
                "an input can't be called \"token\": that is the name of what is acquired");
        }
        const MapReader map(entry.value, "an input", keys::input, mistakes);
        if (map.usable()) {
            read_type(map, input, mistakes);
            read_required(map, input, mistakes);
            map.take("secret", input.secret, document::read_boolean);
            map.take("identity", input.identity, document::read_boolean);
            read_limits(map, input, mistakes);
            if (const document::Value* password = map.find("password")) {
                input.password = read_password(*password, mistakes);
            }
            check_secret(input, entry.value, mistakes);
        }
        inputs.push_back(std::move(input));
    }
    return inputs;
}

}  // namespace tokenbroker::recipe
