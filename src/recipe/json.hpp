#pragma once

#include "base/error.hpp"
#include "recipe/pointer.hpp"
#include "recipe/value.hpp"

#include <boost/json/fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

// JSON answers. Only .cpp files of this room include this.
namespace tokenbroker::recipe {

inline constexpr std::size_t deepest_answer = 32;

// A parsed JSON text whose memory is wiped when it is given back: answers hold tokens.
class JsonDocument {
public:
    // Errors say what is wrong, and hold nothing of the text.
    static Result<JsonDocument> parse(std::string_view text);
    JsonDocument(JsonDocument&& other) noexcept;
    JsonDocument& operator=(JsonDocument&& other) noexcept;
    ~JsonDocument();

    [[nodiscard]] const boost::json::value& root() const noexcept;

private:
    struct Parsed;
    explicit JsonDocument(std::unique_ptr<Parsed> parsed);
    std::unique_ptr<Parsed> parsed_;
};

// Null where there is nothing.
const boost::json::value* find(const boost::json::value& root, const Pointer& pointer) noexcept;

// Text, a finite number or a boolean; none for null, lists and objects.
std::optional<Scalar> scalar_of(const boost::json::value& value);
// The same as text, for comparisons: 6 and "6" are alike.
std::optional<Secret> text_of(const boost::json::value& value);

// "a list", "an object", "null", "text", "a number", "true or false".
std::string_view describe_kind(const boost::json::value& value) noexcept;

}  // namespace tokenbroker::recipe
