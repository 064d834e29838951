#include "recipe/template.hpp"

#include <algorithm>

namespace tokenbroker::recipe {
namespace {

constexpr std::string_view opening = "${";
constexpr std::string_view escaped = "$${";

}  // namespace

bool is_value_name(std::string_view name) noexcept {
    const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    return !name.empty() && name.size() <= 63 && letter(name.front()) &&
           std::ranges::all_of(
               name, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

Result<Template> Template::parse(std::string_view text, Place place) {
    Template made;
    made.place_ = std::move(place);
    std::string literal;
    const auto end_literal = [&] {
        if (!literal.empty()) made.parts_.push_back({std::move(literal), false});
        literal.clear();
    };
    while (!text.empty()) {
        if (text.starts_with(escaped)) {
            literal += opening;
            text.remove_prefix(escaped.size());
        } else if (text.starts_with(opening)) {
            const std::size_t end = text.find('}');
            if (end == std::string_view::npos) {
                return Error(
                    Errc::invalid_input,
                    "a \"${\" without its \"}\" (write \"$${\" for one that is meant as it is)");
            }
            const std::string_view name = text.substr(opening.size(), end - opening.size());
            if (!is_value_name(name)) {
                return Error(Errc::invalid_input, "a placeholder holds the name of a value: " +
                                                      std::string(value_name_form));
            }
            end_literal();
            made.parts_.push_back({std::string(name), true});
            text.remove_prefix(end + 1);
        } else {
            literal += text.front();
            text.remove_prefix(1);
        }
    }
    end_literal();
    return made;
}

std::string_view Template::whole() const noexcept {
    return parts_.size() == 1 && parts_.front().placeholder ? std::string_view(parts_.front().text)
                                                            : std::string_view();
}

bool Template::literal() const noexcept {
    return std::ranges::none_of(parts_, [](const Part& part) { return part.placeholder; });
}

std::vector<std::string> Template::names() const {
    std::vector<std::string> found;
    for (const Part& part : parts_) {
        if (part.placeholder) found.push_back(part.text);
    }
    return found;
}

std::string Template::text() const {
    std::string written;
    for (const Part& part : parts_) {
        if (part.placeholder) {
            written += "${" + part.text + "}";
            continue;
        }
        std::string_view rest = part.text;
        for (std::size_t at = rest.find(opening); at != std::string_view::npos;
             at = rest.find(opening)) {
            written += rest.substr(0, at);
            written += escaped;
            rest.remove_prefix(at + opening.size());
        }
        written += rest;
    }
    return written;
}

}  // namespace tokenbroker::recipe
