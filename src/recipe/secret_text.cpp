#include "recipe/secret_text.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tokenbroker::recipe {
namespace {

constexpr std::string_view upper_hex = "0123456789ABCDEF";
constexpr std::string_view lower_hex = "0123456789abcdef";
constexpr std::string_view base64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

unsigned byte_of(char c) {
    return static_cast<unsigned char>(c);
}

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

// How many bytes the UTF-8 sequence at the start of `text` has; 0 where it is not one.
std::size_t utf8_sequence(std::string_view text) {
    const unsigned first = byte_of(text[0]);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_of(text[i]) & 0xc0U) != 0x80) return 0;
    }
    const unsigned second = byte_of(text[1]);
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool surrogate = first == 0xed && second >= 0xa0;
    const bool beyond = first == 0xf4 && second >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace

void SecretText::append(std::string_view text) {
    if (text.empty()) return;
    if (size_ + text.size() > buffer_.size()) {
        Secret larger = Secret::of_size(std::max<std::size_t>(256, 2 * (size_ + text.size())));
        if (size_ > 0) std::memcpy(larger.writable().data(), buffer_.reveal().data(), size_);
        buffer_ = std::move(larger);
    }
    std::memcpy(buffer_.writable().data() + size_, text.data(), text.size());
    size_ += text.size();
}

void SecretText::append_json_string(std::string_view text) {
    append('"');
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            append('\\');
            append(c);
        } else if (byte_of(c) < 0x20 || byte_of(c) == 0x7f) {
            append("\\u00");
            append(lower_hex[byte_of(c) >> 4U]);
            append(lower_hex[byte_of(c) & 15U]);
        } else {
            append(c);
        }
    }
    append('"');
}

void SecretText::append_percent_encoded(std::string_view text) {
    for (const char c : text) {
        if (is_unreserved(c)) {
            append(c);
        } else {
            append('%');
            append(upper_hex[byte_of(c) >> 4U]);
            append(upper_hex[byte_of(c) & 15U]);
        }
    }
}

void SecretText::append_form_encoded(std::string_view text) {
    for (const char c : text) {
        if (c == ' ') {
            append('+');
        } else if (c == '~') {
            append("%7E");
        } else {
            append_percent_encoded(std::string_view(&c, 1));
        }
    }
}

void SecretText::append_base64(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::string_view group = bytes.substr(i, 3);
        unsigned bits = byte_of(group[0]) << 16U;
        if (group.size() > 1) bits |= byte_of(group[1]) << 8U;
        if (group.size() > 2) bits |= byte_of(group[2]);
        append(base64[bits >> 18U]);
        append(base64[(bits >> 12U) & 63U]);
        append(group.size() > 1 ? base64[(bits >> 6U) & 63U] : '=');
        append(group.size() > 2 ? base64[bits & 63U] : '=');
    }
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = utf8_sequence(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace tokenbroker::recipe
