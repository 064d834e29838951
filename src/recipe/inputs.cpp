#include "recipe/inputs.hpp"

#include "base/encode.hpp"
#include "document/nearest.hpp"
#include "document/read.hpp"
#include "recipe/parts.hpp"
#include "recipe/secret_text.hpp"

#include <algorithm>
#include <charconv>

namespace tokenbroker::recipe {
namespace {

Error wrong(const Input& input, std::string_view text) {
    std::string message = "expected " + allowed_values(input);
    if (input.type == InputType::choice) {
        const std::vector<std::string_view> choices(input.choices.begin(), input.choices.end());
        if (const auto meant = document::nearest(text, choices))
            message += "; did you mean \"" + std::string(*meant) + "\"?";
    }
    return {Errc::invalid_input, std::move(message)};
}

bool has_control_character(std::string_view text) {
    return std::ranges::any_of(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Above the input's `max`, where it has one of that type.
template <class T>
bool above_max(const Input& input, T value) {
    const T* max = input.max ? std::get_if<T>(&input.max->scalar()) : nullptr;
    return max != nullptr && value > *max;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_required(const Input& input, const Values& given) {
    return input.required || (!input.required_when.empty() && holds(input.required_when, given));
}

}  // namespace

Result<Value> read_input(const Input& input, std::string_view text) {
    switch (input.type) {
        case InputType::text:
            if (!is_utf8(text) || has_control_character(text)) break;
            if (text.empty() && input.required) break;
            return Value(Scalar(Secret(text)), input.secret);
        case InputType::integer: {
            const auto number = parse_integer(text);
            if (!number || above_max(input, *number)) break;
            return Value(Scalar(*number));
        }
        case InputType::boolean:
            if (text != "true" && text != "false") break;
            return Value(Scalar(text == "true"));
        case InputType::duration: {
            const auto duration = parse_duration(text);
            if (!duration || *duration <= Milliseconds::zero() || above_max(input, *duration))
                break;
            return Value(Scalar(*duration));
        }
        case InputType::path:
            if (!is_utf8(text) || !why_no_path(text).empty()) break;
            return Value::path(text);
        case InputType::choice:
            if (std::ranges::find(input.choices, text) == input.choices.end()) break;
            return Value::text(text);
    }
    return wrong(input, text);
}

std::optional<Value> read_input(const Input& input, const document::Value& value,
                                document::Mistakes& mistakes) {
    if (value.kind() != document::Kind::scalar) {
        if (value.kind() != document::Kind::refused) {
            mistakes.add(value.place(),
                         "expected " + allowed_values(input) + ", found " + document::show(value));
        }
        return std::nullopt;
    }
    auto read = read_input(input, std::string_view(value.text()));
    if (read) return std::move(*read);
    mistakes.add(value.place(), read.error().message() + ", found " + document::show(value));
    return std::nullopt;
}

Value secret_input(Secret text) {
    return Value(Scalar(std::move(text)), true);
}

Values with_defaults(const std::vector<Input>& inputs, Values given) {
    for (const Input& input : inputs) {
        if (input.otherwise && !given.has(input.name)) given.set(input.name, *input.otherwise);
    }
    return given;
}

std::vector<std::string> missing_inputs(const std::vector<Input>& inputs, const Values& given) {
    std::vector<std::string> missing;
    for (const Input& input : inputs) {
        if (!given.has(input.name) && is_required(input, given)) missing.push_back(input.name);
    }
    return missing;
}

std::string identity_of(const Recipe& recipe, const Values& inputs) {
    std::vector<std::string> members;
    for (const Input& input : recipe.inputs) {
        const Value* value = input.identity ? inputs.find(input.name) : nullptr;
        if (value == nullptr) continue;
        members.push_back(json_quote(input.name) + ":" + json_quote(value->as_text().reveal()));
    }
    std::ranges::sort(members);
    std::string text = "{";
    for (const std::string& member : members) {
        if (text.size() > 1) text += ',';
        text += member;
    }
    return text + "}";
}

std::string allowed_values(const Input& input) {
    const std::string limit = input.max ? " of at most " + input.max->shown() : "";
    switch (input.type) {
        case InputType::text:
            return input.required ? "text on one line, not empty" : "text on one line";
        case InputType::integer:
            return "a whole number" + limit;
        case InputType::boolean:
            return "true or false";
        case InputType::duration:
            return "a duration (digits and ms, s, m, h or d)" + limit;
        case InputType::path:
            return "a path without \"..\", empty segment, '?' or '#'";
        case InputType::choice:
            break;
    }
    std::string text = "one of ";
    for (const std::string& choice : input.choices) {
        if (&choice != &input.choices.front()) text += ", ";
        text += choice;
    }
    return text;
}

}  // namespace tokenbroker::recipe
