#pragma once

#include "base/error.hpp"
#include "base/place.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tokenbroker::recipe {

// A text with placeholders: "Bearer ${token}". "$${" is a "${" that is meant as it is.
class Template {
public:
    struct Part {
        std::string text;  // as it is, or the name of a value
        bool placeholder = false;

        bool operator==(const Part&) const = default;
    };

    Template() = default;
    // Errors: a "${" without "}", a name that is not [a-z][a-z0-9_]{0,62}.
    static Result<Template> parse(std::string_view text, Place place = {});

    [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }
    [[nodiscard]] const Place& place() const noexcept { return place_; }
    // The name, where the text is one placeholder and nothing else; else empty.
    [[nodiscard]] std::string_view whole() const noexcept;
    [[nodiscard]] bool literal() const noexcept;  // no placeholder in it
    [[nodiscard]] std::vector<std::string> names() const;
    // As it was written.
    [[nodiscard]] std::string text() const;

private:
    std::vector<Part> parts_;
    Place place_;
};

bool is_value_name(std::string_view name) noexcept;
inline constexpr std::string_view value_name_form = "a-z, 0-9 and '_', a letter first, at most 63";

// A JSON document with placeholders in its strings (not in the names of members).
struct JsonTemplate {
    struct Null {};
    struct Number {
        std::string text;  // as it was written, and valid in JSON
    };
    struct Member;
    using List = std::vector<JsonTemplate>;
    using Object = std::vector<Member>;

    std::variant<Null, bool, Number, Template, List, Object> value;
};
struct JsonTemplate::Member {
    std::string name;
    JsonTemplate value;
};

}  // namespace tokenbroker::recipe
