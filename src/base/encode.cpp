#include "base/encode.hpp"

#include <array>
#include <cstdint>

namespace tokenbroker {
namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view upper_hex_digits = "0123456789ABCDEF";

unsigned char byte_of(char c) {
    return static_cast<unsigned char>(c);
}

// 0 to 63, or -1. `url` takes the alphabet of RFC 4648 section 5.
int base64_value(char c, bool url) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == (url ? '-' : '+')) return 62;
    if (c == (url ? '_' : '/')) return 63;
    return -1;
}

// Decodes unpadded base64 into `out`, which has room for size * 3 / 4 bytes. Bits that say nothing
// must be 0.
bool decode_into(std::string_view text, bool url, char* out) {
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : text) {
        const int value = base64_value(c, url);
        if (value < 0) return false;
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            *out++ = static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xffU);
        }
    }
    return text.size() % 4 != 1 && (bits & ((1U << static_cast<unsigned>(held)) - 1U)) == 0;
}

bool unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void append_percent(std::string& out, char c) {
    out += '%';
    out += upper_hex_digits[byte_of(c) >> 4U];
    out += upper_hex_digits[byte_of(c) & 15U];
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        const std::uint32_t bits = (std::uint32_t{byte_of(bytes[i])} << 16U) |
                                   (left > 1 ? std::uint32_t{byte_of(bytes[i + 1])} << 8U : 0U) |
                                   (left > 2 ? std::uint32_t{byte_of(bytes[i + 2])} : 0U);
        out += base64_alphabet[(bits >> 18U) & 63U];
        out += base64_alphabet[(bits >> 12U) & 63U];
        out += left > 1 ? base64_alphabet[(bits >> 6U) & 63U] : '=';
        out += left > 2 ? base64_alphabet[bits & 63U] : '=';
    }
    return out;
}

Result<Secret> base64_decode(std::string_view text) {
    const Error wrong(Errc::invalid_input, "not base64");
    if (text.size() % 4 != 0) return wrong;
    for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding)
        text.remove_suffix(1);
    Secret out = Secret::of_size(text.size() * 3 / 4);
    if (!decode_into(text, false, out.writable().data())) return wrong;
    return out;
}

Result<std::string> base64url_decode(std::string_view text) {
    for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding)
        text.remove_suffix(1);
    std::string out(text.size() * 3 / 4, '\0');
    if (!decode_into(text, true, out.data())) return Error(Errc::invalid_input, "not base64url");
    return out;
}

std::string percent_encode(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        if (unreserved(c)) {
            out += c;
        } else {
            append_percent(out, c);
        }
    }
    return out;
}

std::string form_encode(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        if (c == ' ') {
            out += '+';
        } else if (unreserved(c) && c != '~') {
            out += c;
        } else {
            append_percent(out, c);
        }
    }
    return out;
}

std::string json_quote(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\b':
                out += "\\b";
                break;
            case '\f':
                out += "\\f";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (byte_of(c) < 0x20) {
                    out += "\\u00";
                    out += hex_digits[byte_of(c) >> 4U];
                    out += hex_digits[byte_of(c) & 15U];
                } else {
                    out += c;
                }
        }
    }
    out += '"';
    return out;
}

std::string hex_encode(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        out += hex_digits[byte_of(c) >> 4U];
        out += hex_digits[byte_of(c) & 15U];
    }
    return out;
}

}  // namespace tokenbroker
