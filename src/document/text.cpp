#include "document/text.hpp"

#include "base/mask.hpp"

#include <algorithm>
#include <cstdint>

namespace tokenbroker::document {
namespace {

constexpr std::size_t longest_shown = 64;

std::uint8_t byte_at(std::string_view text, std::size_t index) {
    return static_cast<std::uint8_t>(text[index]);
}

bool is_continuation(std::string_view text, std::size_t index) {
    return index < text.size() && (byte_at(text, index) & 0xC0U) == 0x80U;
}

// The length of the UTF-8 sequence at `at`, 0 where it is none (RFC 3629, table 3-7 of Unicode).
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const std::uint8_t lead = byte_at(text, at);
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text, at + i)) return 0;
    }
    const std::uint8_t second = byte_at(text, at + 1);
    if (lead == 0xE0 && second < 0xA0) return 0;
    if (lead == 0xED && second > 0x9F) return 0;
    if (lead == 0xF0 && second < 0x90) return 0;
    if (lead == 0xF4 && second > 0x8F) return 0;
    return length;
}

// yaml-cpp ends a text silently at U+0004, among others: what YAML forbids must not reach it.
bool is_control(std::string_view text, std::size_t at) {
    const std::uint8_t c = byte_at(text, at);
    if (c < 0x20) return c != '\t' && c != '\n' && c != '\r';
    if (c == 0x7F) return true;
    return c == 0xC2 && byte_at(text, at + 1) < 0xA0 && byte_at(text, at + 1) != 0x85;
}

}  // namespace

std::string quote(std::string_view text) {
    return '"' + printable(text, longest_shown) + '"';
}

std::optional<BadByte> find_bad_byte(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequence_length(text, i);
        if (length == 0) return BadByte{i, false};
        if (is_control(text, i)) return BadByte{i, true};
        i += length;
    }
    return std::nullopt;
}

Lines::Lines(std::string_view text) : text_(text), starts_{0} {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') starts_.push_back(i + 1);
    }
}

Lines::Position Lines::at(std::size_t offset) {
    const auto after = std::ranges::upper_bound(starts_, std::min(offset, text_.size()));
    const auto line = static_cast<std::size_t>(after - starts_.begin()) - 1;
    return at(line, std::min(offset, text_.size()) - starts_[line]);
}

Lines::Position Lines::at(std::size_t line, std::size_t byte) {
    if (line >= starts_.size()) return {line + 1, byte + 1};
    if (line != last_line_ || byte < last_byte_) {
        last_line_ = line;
        last_byte_ = 0;
        last_column_ = 0;
    }
    for (; last_byte_ < byte; ++last_byte_) {
        if (!is_continuation(text_, starts_[line] + last_byte_)) ++last_column_;
    }
    return {line + 1, last_column_ + 1};
}

std::size_t Lines::offset(std::size_t line, std::size_t byte) const {
    if (line >= starts_.size()) return text_.size();
    return std::min(starts_[line] + byte, text_.size());
}

}  // namespace tokenbroker::document
