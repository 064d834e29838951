#include "recipe/upstream_text.hpp"

#include "recipe/json.hpp"

#include <boost/json/value.hpp>

#include <array>

namespace tokenbroker::recipe {
namespace {

namespace json = boost::json;

constexpr std::size_t most_fields = 4;

// Looked for in this order: the telling ones first.
constexpr std::array<std::string_view, 10> text_members = {"detail",        "error_description",
                                                           "error_message", "message",
                                                           "Message",       "title",
                                                           "reason",        "error",
                                                           "msg",           "description"};

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

std::string text_member(const json::object& object) {
    for (const std::string_view name : text_members) {
        const json::value* member = object.if_contains({name.data(), name.size()});
        if (member == nullptr) continue;
        if (const auto* text = member->if_string(); text != nullptr && !text->empty())
            return std::string(view(*text));
        if (const auto* inner = member->if_object()) {
            if (auto text = text_member(*inner); !text.empty()) return text;
        }
    }
    return {};
}

// A short code beside the text tells more than the text alone: OAuth's `error`, Oz's `error_code`.
std::string code_member(const json::object& object, std::string_view text) {
    for (const std::string_view name : {"error", "error_code", "code"}) {
        const json::value* member = object.if_contains({name.data(), name.size()});
        const auto code = member != nullptr ? text_of(*member) : std::nullopt;
        if (code && !code->empty() && code->size() <= 64 && code->reveal() != text) {
            return std::string(name) + " " + std::string(code->reveal());
        }
    }
    return {};
}

// {"password": ["may not be blank"]}, or under `errors` also {"password": "may not be blank"}.
std::string fields(const json::object& object, bool as_text) {
    std::string text;
    std::size_t count = 0;
    for (const auto& [name, value] : object) {
        const auto* list = value.if_array();
        const auto* first = list != nullptr && !list->empty() ? list->front().if_string() : nullptr;
        if (as_text && first == nullptr) first = value.if_string();
        if (first == nullptr || ++count > most_fields) continue;
        text += (text.empty() ? "" : "; ") + std::string(name.data(), name.size()) + ": " +
                std::string(view(*first));
    }
    return text;
}

}  // namespace

std::string upstream_text(const json::value* root, const Answer& answer) {
    const bool failed = answer.status >= 400;
    if (root == nullptr) return failed ? std::string(answer.body) : std::string();
    const auto* object = root->if_object();
    if (object == nullptr) return {};
    std::string text = text_member(*object);
    const std::string code = code_member(*object, text);
    if (text.empty() && failed) text = fields(*object, false);
    const json::value* errors = object->if_contains("errors");
    if (text.empty() && failed && errors != nullptr && errors->is_object())
        text = fields(errors->get_object(), true);
    if (!code.empty()) text = text.empty() ? code : text + " (" + code + ")";
    return text;
}

}  // namespace tokenbroker::recipe
