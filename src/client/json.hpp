#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tokenbroker::client {

// A JSON value (RFC 8259) as the API sends them: whole documents, at most 32 levels deep. Of
// members with one name the last counts. Numbers keep their text.
class Json {
public:
    enum class Type { null, boolean, number, string, array, object };

    static std::optional<Json> parse(std::string_view document);

    [[nodiscard]] Type type() const noexcept { return type_; }
    [[nodiscard]] bool is_null() const noexcept { return type_ == Type::null; }
    [[nodiscard]] bool is_true() const noexcept {
        return type_ == Type::boolean && text_ == "true";
    }
    // A string's content, a number's or boolean's text; else empty.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] const std::vector<Json>& items() const noexcept { return items_; }
    [[nodiscard]] const std::vector<std::pair<std::string, Json>>& members() const noexcept {
        return members_;
    }

    // A member; where there is none, and for what is no object, the null value. So paths can be
    // chained.
    [[nodiscard]] const Json& operator[](std::string_view name) const noexcept;
    // A string's content; none for any other type.
    [[nodiscard]] std::optional<std::string_view> string() const noexcept;
    // A number that is a whole one, from 0.
    [[nodiscard]] std::optional<std::uint64_t> whole() const noexcept;

private:
    friend class JsonParser;
    Type type_ = Type::null;
    std::string text_;
    std::vector<Json> items_;
    std::vector<std::pair<std::string, Json>> members_;
};

}  // namespace tokenbroker::client
