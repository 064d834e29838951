#include "recipe/parts.hpp"

#include "base/mask.hpp"
#include "document/read.hpp"
#include "recipe/keys.hpp"

#include <algorithm>

namespace tokenbroker::recipe {

using document::Kind;
using document::Mistakes;

std::optional<Template> read_template(const document::Value& value, Mistakes& mistakes) {
    const auto text = document::read_text(value, mistakes);
    if (!text) return std::nullopt;
    auto made = Template::parse(*text, value.place());
    if (made) return std::move(*made);
    mistakes.add(value.place(), made.error().message());
    return std::nullopt;
}

std::optional<Pointer> read_pointer(const document::Value& value, Mistakes& mistakes) {
    const auto text = document::read_text(value, mistakes);
    if (!text) return std::nullopt;
    auto made = Pointer::parse(*text);
    if (made) return std::move(*made);
    mistakes.add(value.place(), made.error().message());
    return std::nullopt;
}

std::optional<Pointer> read_pointer(const document::Entry& entry, Mistakes& mistakes) {
    auto made = Pointer::parse(entry.key);
    if (made) return std::move(*made);
    mistakes.add(entry.key_spot.place(), made.error().message());
    return std::nullopt;
}

bool check_name(const document::Entry& entry, Mistakes& mistakes) {
    if (is_value_name(entry.key)) return true;
    mistakes.add(entry.key_spot.place(), "\"" + printable(entry.key, 64) +
                                             "\" can't be the name of a value: allowed are " +
                                             std::string(value_name_form));
    return false;
}

std::vector<std::string> read_texts(const document::Value& value, Mistakes& mistakes) {
    std::vector<std::string> texts;
    if (value.kind() != Kind::list) {
        if (auto text = document::read_text(value, mistakes)) texts.push_back(std::move(*text));
        return texts;
    }
    if (value.items().empty())
        mistakes.add(value.place(), "an empty list: leave the key out, or name something");
    for (const document::Value& item : value.items()) {
        if (auto text = document::read_text(item, mistakes)) texts.push_back(std::move(*text));
    }
    return texts;
}

bool read_texts_or_given(const document::Value& value, std::vector<std::string>& texts, bool& given,
                         Mistakes& mistakes) {
    if (value.kind() == Kind::map) {
        const document::MapReader map(value, "a condition", keys::condition, mistakes);
        return map.take_required("given", given, document::read_boolean);
    }
    texts = read_texts(value, mistakes);
    return !texts.empty();
}

When read_when(const document::Value& value, Mistakes& mistakes) {
    When when;
    if (document::expect_map(value, "a map of inputs and the values that they must have",
                             mistakes) == nullptr) {
        return when;
    }
    for (const document::Entry& entry : value.entries()) {
        if (!check_name(entry, mistakes)) continue;
        Condition condition;
        condition.input = entry.key;
        if (read_texts_or_given(entry.value, condition.values, condition.given, mistakes))
            when.push_back(std::move(condition));
    }
    return when;
}

bool is_plain_segment(std::string_view segment) noexcept {
    return !segment.empty() && segment != "." && segment != "..";
}

std::string_view why_no_path(std::string_view text) noexcept {
    if (text.empty()) return "a path is not empty";
    const auto stray = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '?' || c == '#' ||
               c == '\\';
    };
    if (std::ranges::any_of(text, stray))
        return "a path holds no '?', '#', '\\' or control character";
    if (text.front() == '/') text.remove_prefix(1);
    if (text.ends_with('/')) text.remove_suffix(1);
    while (true) {
        const std::size_t end = text.find('/');
        if (!is_plain_segment(text.substr(0, end)))
            return "a path has no \".\", \"..\" or empty segment";
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
}

}  // namespace tokenbroker::recipe
