#include "recipe/json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <cmath>

namespace tokenbroker::recipe {
namespace {

namespace json = boost::json;

// Boost.JSON asks for no more than the default alignment, and names another one when it gives a key
// back.
class WipingResource final : public json::memory_resource {
    void* do_allocate(std::size_t bytes, std::size_t /*alignment*/) override {
        return ::operator new(bytes);
    }
    void do_deallocate(void* memory, std::size_t bytes, std::size_t /*alignment*/) override {
        wipe(memory, bytes);
        ::operator delete(memory);
    }
    bool do_is_equal(const json::memory_resource& other) const noexcept override {
        return this == &other;
    }
};

// An index as RFC 6901 wants it: decimal digits, no leading zero.
std::optional<std::size_t> index_of(std::string_view step) {
    if (step.empty() || (step.size() > 1 && step.front() == '0')) return std::nullopt;
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
    if (error != std::errc() || end != step.data() + step.size()) return std::nullopt;
    return index;
}

}  // namespace

struct JsonDocument::Parsed {
    Parsed() : root(json::storage_ptr(&memory)) {}

    WipingResource memory;
    json::value root;
};

JsonDocument::JsonDocument(std::unique_ptr<Parsed> parsed) : parsed_(std::move(parsed)) {}
JsonDocument::JsonDocument(JsonDocument&& other) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&& other) noexcept = default;
JsonDocument::~JsonDocument() = default;
const json::value& JsonDocument::root() const noexcept {
    return parsed_->root;
}

Result<JsonDocument> JsonDocument::parse(std::string_view text) {
    auto parsed = std::make_unique<Parsed>();
    json::error_code error;
    json::parse_options options;
    options.max_depth = deepest_answer;
    parsed->root =
        json::parse({text.data(), text.size()}, error, json::storage_ptr(&parsed->memory), options);
    if (error == json::error::too_deep) {
        return Error(Errc::bad_answer,
                     "JSON nested deeper than " + std::to_string(deepest_answer) + " levels");
    }
    if (error) return Error(Errc::bad_answer, "not valid JSON (" + error.message() + ")");
    return JsonDocument(std::move(parsed));
}

const json::value* find(const json::value& root, const Pointer& pointer) noexcept {
    const json::value* at = &root;
    for (const std::string& step : pointer.steps()) {
        if (const auto* object = at->if_object()) {
            at = object->if_contains(step);
        } else if (const auto* list = at->if_array()) {
            const auto index = index_of(step);
            at = index ? list->if_contains(*index) : nullptr;
        } else {
            at = nullptr;
        }
        if (at == nullptr) return nullptr;
    }
    return at;
}

std::optional<Scalar> scalar_of(const json::value& value) {
    if (const auto* text = value.if_string()) return Scalar(Secret({text->data(), text->size()}));
    if (const auto* number = value.if_int64()) return Scalar(*number);
    if (const auto* number = value.if_uint64()) return Scalar(*number);
    if (const auto* number = value.if_double(); number != nullptr && std::isfinite(*number))
        return Scalar(*number);
    if (const auto* truth = value.if_bool()) return Scalar(*truth);
    return std::nullopt;
}

std::optional<Secret> text_of(const json::value& value) {
    auto scalar = scalar_of(value);
    if (!scalar) return std::nullopt;
    return Value(std::move(*scalar)).as_text();
}

std::string_view describe_kind(const json::value& value) noexcept {
    switch (value.kind()) {
        case json::kind::array:
            return "a list";
        case json::kind::object:
            return "an object";
        case json::kind::string:
            return "text";
        case json::kind::bool_:
            return "true or false";
        case json::kind::null:
            return "null";
        default:
            return "a number";
    }
}

}  // namespace tokenbroker::recipe
