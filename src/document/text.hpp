#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::document {

// What YAML forbids in a text, at the byte where it begins.
struct BadByte {
    std::size_t offset = 0;
    bool control = false;  // a control character; else it is not UTF-8
};
// Strict UTF-8 (no overlong forms, no surrogates) without control characters but tab, line feed and
// return.
std::optional<BadByte> find_bad_byte(std::string_view text);

// Text of a document as messages show it: printable, short, in quotes.
std::string quote(std::string_view text);

// Lines and columns of a text as editors count: from 1, in characters. Asking for growing offsets
// is linear in total.
class Lines {
public:
    explicit Lines(std::string_view text);

    struct Position {
        std::size_t line = 0;
        std::size_t column = 0;
    };
    [[nodiscard]] Position at(std::size_t offset);
    // The same for a line and a byte in it, both from 0.
    [[nodiscard]] Position at(std::size_t line, std::size_t byte);
    [[nodiscard]] std::size_t offset(std::size_t line, std::size_t byte) const;

private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
    std::size_t last_line_ = 0;
    std::size_t last_byte_ = 0;
    std::size_t last_column_ = 0;
};

}  // namespace tokenbroker::document
