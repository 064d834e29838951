#include "document/value.hpp"

#include <algorithm>
#include <utility>

namespace tokenbroker::document {

// Here, where an Entry, which holds a Value itself, is known whole.
Value::Value(Kind kind, Spot spot) : kind_(kind), spot_(std::move(spot)) {}
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

Value Value::null(Spot spot) {
    return {Kind::null, std::move(spot)};
}
Value Value::refused(Spot spot) {
    return {Kind::refused, std::move(spot)};
}
Value Value::list(Spot spot) {
    return {Kind::list, std::move(spot)};
}
Value Value::map(Spot spot) {
    return {Kind::map, std::move(spot)};
}

Value Value::scalar(Spot spot, std::string text, bool quoted) {
    Value value(Kind::scalar, std::move(spot));
    value.text_ = std::move(text);
    value.quoted_ = quoted;
    return value;
}

const Value* Value::find(std::string_view key) const noexcept {
    const auto found = std::ranges::find(entries_, key, &Entry::key);
    return found == entries_.end() ? nullptr : &found->value;
}

void Value::append(Value item) {
    items_.push_back(std::move(item));
}
void Value::append(Entry entry) {
    entries_.push_back(std::move(entry));
}

std::string_view describe(Kind kind) noexcept {
    switch (kind) {
        case Kind::null:
            return "nothing";
        case Kind::scalar:
            return "text";
        case Kind::list:
            return "a list";
        case Kind::map:
            return "a map";
        case Kind::refused:
            break;
    }
    return "something that is not allowed";
}

}  // namespace tokenbroker::document
