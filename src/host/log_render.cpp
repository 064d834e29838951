#include "host/log_render.hpp"

#include "base/encode.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace tokenbroker::host {
namespace {

constexpr std::size_t longest_message = 8192;
constexpr std::size_t longest_value = 2048;

unsigned char byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<unsigned char>(text[at]);
}

// How many bytes the UTF-8 character at `at` takes; 0 where it is none.
std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
    const unsigned char first = byte_at(text, at);
    if (first < 0x80) return 1;
    std::size_t length = 0;
    unsigned char lowest = 0x80;
    unsigned char highest = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) length = 2;
    if (first >= 0xe0 && first <= 0xef) length = 3;
    if (first >= 0xf0 && first <= 0xf4) length = 4;
    if (length == 0 || at + length > text.size()) return 0;
    if (first == 0xe0) lowest = 0xa0;
    if (first == 0xed) highest = 0x9f;
    if (first == 0xf0) lowest = 0x90;
    if (first == 0xf4) highest = 0x8f;
    for (std::size_t i = 1; i < length; ++i) {
        const unsigned char next = byte_at(text, at + i);
        if (next < lowest || next > highest) return 0;
        lowest = 0x80;
        highest = 0xbf;
    }
    return length;
}

// A terminal acts on these: C0, DEL, and C1 in its UTF-8 form.
bool is_control(std::string_view text, std::size_t at, std::size_t length) noexcept {
    const unsigned char first = byte_at(text, at);
    if (length == 1) return first < 0x20 || first == 0x7f;
    return length == 2 && first == 0xc2 && byte_at(text, at + 1) < 0xa0;
}

void append_escaped_bytes(std::string& out, std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char c : bytes) {
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += "\\x";
            out += digits[byte >> 4U];
            out += digits[byte & 15U];
        }
    }
}

// Text for people: what is no printable UTF-8 is spelled out; where `quoted`, '"' and '\' too.
std::string escaped(std::string_view text, std::size_t longest, bool quoted) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (out.size() >= longest) return out + "...";
        const std::size_t length = utf8_length(text, at);
        const std::size_t step = std::max<std::size_t>(length, 1);
        if (length == 0 || is_control(text, at, length)) {
            append_escaped_bytes(out, text.substr(at, step));
        } else {
            if (quoted && (text[at] == '"' || text[at] == '\\')) out += '\\';
            out += text.substr(at, step);
        }
        at += step;
    }
    return out;
}

// UTF-8 as JSON must have it: what is none becomes U+FFFD.
std::string json_text(std::string_view text, std::size_t longest) {
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (clean.size() >= longest) {
            clean += "...";
            break;
        }
        const std::size_t length = utf8_length(text, at);
        clean += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(at, length);
        at += std::max<std::size_t>(length, 1);
    }
    return json_quote(clean);
}

bool needs_quotes(std::string_view text) {
    if (text.empty()) return true;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_length(text, at);
        if (length == 0 || is_control(text, at, length)) return true;
        if (std::string_view(" \"=\\").find(text[at]) != std::string_view::npos) return true;
        at += length;
    }
    return false;
}

struct Plain {
    std::string operator()(std::string_view text) const { return std::string(text); }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(std::uint64_t number) const { return std::to_string(number); }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
};

std::string value_for_people(const LogField& field) {
    const std::string text = std::visit(Plain{}, field.value);
    if (!needs_quotes(text)) return escaped(text, longest_value, false);
    return "\"" + escaped(text, longest_value, true) + "\"";
}

std::string value_for_json(const LogField& field) {
    if (const auto* text = std::get_if<std::string_view>(&field.value))
        return json_text(*text, longest_value);
    return std::visit(Plain{}, field.value);
}

std::string time_text(WallTime time) {
    std::string text = format_rfc3339(time);
    std::array<char, 8> decimals{};
    const auto part = time - std::chrono::floor<std::chrono::seconds>(time);
    std::snprintf(decimals.data(), decimals.size(), ".%03d", static_cast<int>(part.count()));
    text.insert(text.size() - 1, decimals.data());
    return text;
}

struct Colours {
    std::string_view level;
    std::string_view dim;
    std::string_view end;
};
Colours colours_of(LogLevel level) noexcept {
    constexpr std::string_view dim = "\x1b[2m";
    constexpr std::string_view end = "\x1b[0m";
    switch (level) {
        case LogLevel::error:
            return {"\x1b[1;31m", dim, end};
        case LogLevel::warn:
            return {"\x1b[33m", dim, end};
        case LogLevel::info:
            return {"\x1b[32m", dim, end};
        case LogLevel::debug:
        case LogLevel::trace:
            break;
    }
    return {dim, dim, end};
}

// syslog(3): the journal's priorities.
char priority(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::error:
            return '3';
        case LogLevel::warn:
            return '4';
        case LogLevel::info:
            return '6';
        case LogLevel::debug:
        case LogLevel::trace:
            break;
    }
    return '7';
}

void append_journal_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    if (value.find('\n') == std::string_view::npos) {
        out += '=';
    } else {
        out += '\n';
        std::uint64_t left = value.size();
        for (int i = 0; i < 8; ++i, left >>= 8U)
            out += static_cast<char>(left & 0xffU);
    }
    out += value;
    out += '\n';
}

std::string journal_name(std::string_view name) {
    std::string out = "TOKENBROKER_";
    for (const char c : name) {
        const bool lower = c >= 'a' && c <= 'z';
        const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (lower) {
            out += static_cast<char>(c - 'a' + 'A');
        } else {
            out += kept ? c : '_';
        }
    }
    return out;
}

}  // namespace

std::string_view level_word(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::trace:
            return "trace";
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warn:
            return "warn";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

std::string render_terminal(const LogRecord& record, bool colour) {
    const Colours colours = colour ? colours_of(record.level) : Colours{};
    std::string level(level_word(record.level));
    level.resize(5, ' ');
    std::string out;
    out.append(colours.dim).append(time_text(record.time)).append(colours.end).append(" ");
    out.append(colours.level).append(level).append(colours.end).append(" ");
    out += escaped(record.message, longest_message, false);
    const auto append_field = [&out, &colours](std::string_view name, const std::string& value) {
        out.append(" ")
            .append(colours.dim)
            .append(name)
            .append("=")
            .append(colours.end)
            .append(value);
    };
    append_field("event", escaped(record.event, longest_value, false));
    for (const LogField& field : record.fields) {
        if (!field.absent()) append_field(field.name, value_for_people(field));
    }
    out += '\n';
    return out;
}

std::string render_json(const LogRecord& record) {
    std::string out = "{\"time\":\"" + time_text(record.time) + "\",\"level\":\"";
    out.append(level_word(record.level))
        .append("\",\"event\":")
        .append(json_text(record.event, longest_value));
    out.append(",\"message\":").append(json_text(record.message, longest_message));
    for (const LogField& field : record.fields) {
        if (field.absent()) continue;
        out.append(",")
            .append(json_text(field.name, longest_value))
            .append(":")
            .append(value_for_json(field));
    }
    out += "}\n";
    return out;
}

std::string render_journal(const LogRecord& record, std::string_view program) {
    std::string message = escaped(record.message, longest_message, false);
    for (const LogField& field : record.fields) {
        if (field.absent()) continue;
        message.append(" ").append(field.name).append("=").append(value_for_people(field));
    }
    std::string out;
    append_journal_field(out, "MESSAGE", message);
    append_journal_field(out, "PRIORITY", std::string(1, priority(record.level)));
    append_journal_field(out, "SYSLOG_IDENTIFIER", program);
    append_journal_field(out, "TOKENBROKER_EVENT", record.event);
    for (const LogField& field : record.fields) {
        if (field.absent()) continue;
        const std::string value = std::visit(Plain{}, field.value);
        append_journal_field(out, journal_name(field.name),
                             std::string_view(value).substr(0, longest_value));
    }
    return out;
}

}  // namespace tokenbroker::host
