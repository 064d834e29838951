#include "document/read.hpp"

#include "document/nearest.hpp"
#include "document/text.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <utility>

namespace tokenbroker::document {
namespace {

void wrong(const Value& value, Mistakes& mistakes, const std::string& allowed) {
    if (value.kind() == Kind::refused) return;
    mistakes.add(value.place(), "expected " + allowed + ", found " + show(value));
}

// Decimal digits alone: no sign, no leading zero, no overflow.
std::optional<std::uint64_t> parse_digits(std::string_view text) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    std::uint64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

bool plain(const Value& value) {
    return value.kind() == Kind::scalar && !value.quoted();
}

std::string format_size(std::uint64_t bytes) {
    constexpr std::uint64_t mebi = std::uint64_t{1024} * 1024;
    if (bytes > 0 && bytes % mebi == 0) return std::to_string(bytes / mebi) + "MiB";
    if (bytes > 0 && bytes % 1024 == 0) return std::to_string(bytes / 1024) + "KiB";
    return std::to_string(bytes) + "B";
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    static constexpr std::pair<std::string_view, std::uint64_t> units[] = {
        {"KiB", 1024}, {"MiB", std::uint64_t{1024} * 1024}, {"B", 1}};
    for (const auto& [suffix, factor] : units) {
        if (!text.ends_with(suffix)) continue;
        const auto number = parse_digits(text.substr(0, text.size() - suffix.size()));
        if (!number || *number > UINT64_MAX / factor) return std::nullopt;
        return *number * factor;
    }
    return std::nullopt;
}

// "80%", "2.5%", "0.25%": hundredths of a percent.
std::optional<std::uint32_t> parse_percentage(std::string_view text) {
    if (!text.ends_with('%')) return std::nullopt;
    text.remove_suffix(1);
    std::string_view decimals;
    if (const auto dot = text.find('.'); dot != std::string_view::npos) {
        decimals = text.substr(dot + 1);
        text = text.substr(0, dot);
        if (decimals.empty() || decimals.size() > 2) return std::nullopt;
    }
    const auto whole = parse_digits(text);
    if (!whole || *whole > 1000) return std::nullopt;
    auto hundredths = static_cast<std::uint32_t>(*whole * 100);
    std::uint32_t unit = 10;
    for (const char c : decimals) {
        if (c < '0' || c > '9') return std::nullopt;
        hundredths += static_cast<std::uint32_t>(c - '0') * unit;
        unit /= 10;
    }
    return hundredths;
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

}  // namespace

std::string show(const Value& value) {
    if (value.kind() != Kind::scalar) return std::string(describe(value.kind()));
    if (value.text().empty()) return "empty text";
    return quote(value.text());
}

std::optional<std::string> read_text(const Value& value, Mistakes& mistakes) {
    if (value.kind() == Kind::scalar) return value.text();
    wrong(value, mistakes, "text");
    return std::nullopt;
}

std::optional<std::string> read_word(const Value& value, Mistakes& mistakes) {
    if (value.kind() == Kind::scalar && !value.text().empty() &&
        std::ranges::none_of(value.text(), is_control)) {
        return value.text();
    }
    wrong(value, mistakes, "text on one line");
    return std::nullopt;
}

std::optional<bool> read_boolean(const Value& value, Mistakes& mistakes) {
    if (plain(value) && value.text() == "true") return true;
    if (plain(value) && value.text() == "false") return false;
    wrong(value, mistakes, value.quoted() ? "true or false without quotes" : "true or false");
    return std::nullopt;
}

std::optional<std::int64_t> read_integer(const Value& value, Mistakes& mistakes, std::int64_t least,
                                         std::int64_t most) {
    if (plain(value)) {
        std::string_view digits = value.text();
        const bool negative = digits.starts_with('-');
        if (negative) digits.remove_prefix(1);
        const auto number = parse_digits(digits);
        if (number && *number <= INT64_MAX) {
            const auto magnitude = static_cast<std::int64_t>(*number);
            const std::int64_t result = negative ? -magnitude : magnitude;
            if (result >= least && result <= most) return result;
        }
    }
    wrong(value, mistakes,
          "a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
              (value.quoted() ? " without quotes" : ""));
    return std::nullopt;
}

std::optional<Milliseconds> read_duration(const Value& value, Mistakes& mistakes,
                                          Milliseconds least, Milliseconds most) {
    if (value.kind() == Kind::scalar) {
        const auto duration = parse_duration(value.text());
        if (duration && *duration >= least && *duration <= most) return *duration;
    }
    std::string allowed = "a duration (digits and ms, s, m, h or d)";
    if (most < forever) {
        allowed += " from " + format_duration(least) + " to " + format_duration(most);
    } else if (least > Milliseconds::zero()) {
        allowed += " of at least " + format_duration(least);
    }
    wrong(value, mistakes, allowed);
    return std::nullopt;
}

std::optional<std::uint64_t> read_size(const Value& value, Mistakes& mistakes, std::uint64_t least,
                                       std::uint64_t most) {
    if (value.kind() == Kind::scalar) {
        const auto size = parse_size(value.text());
        if (size && *size >= least && *size <= most) return size;
    }
    wrong(value, mistakes,
          "a size (digits and B, KiB or MiB) from " + format_size(least) + " to " +
              format_size(most));
    return std::nullopt;
}

std::optional<std::uint32_t> read_percentage(const Value& value, Mistakes& mistakes,
                                             std::uint32_t least, std::uint32_t most) {
    if (value.kind() == Kind::scalar) {
        const auto hundredths = parse_percentage(value.text());
        if (hundredths && *hundredths >= least * 100 && *hundredths <= most * 100)
            return hundredths;
    }
    wrong(value, mistakes,
          "a percentage from " + std::to_string(least) + "% to " + std::to_string(most) +
              "%, with at most two decimals");
    return std::nullopt;
}

std::optional<std::uint32_t> read_mode(const Value& value, Mistakes& mistakes) {
    const std::string& text = value.text();
    const bool octal = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '7'; });
    const bool right_length = text.size() == 3 || (text.size() == 4 && text.front() == '0');
    if (octal && right_length && value.quoted()) {
        std::uint32_t mode = 0;
        for (const char c : text)
            mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
        return mode;
    }
    wrong(value, mistakes, "a file mode: three octal digits after a 0, in quotes, like \"0660\"");
    return std::nullopt;
}

std::optional<std::string> read_path(const Value& value, Mistakes& mistakes) {
    const std::string& text = value.text();
    const bool absolute = value.kind() == Kind::scalar && text.starts_with('/');
    if (absolute && std::ranges::none_of(text, is_control)) return text;
    wrong(value, mistakes, "an absolute path");
    return std::nullopt;
}

std::optional<std::size_t> read_choice(const Value& value, Mistakes& mistakes,
                                       std::span<const std::string_view> allowed) {
    if (value.kind() == Kind::scalar) {
        const auto found = std::ranges::find(allowed, std::string_view(value.text()));
        if (found != allowed.end()) return static_cast<std::size_t>(found - allowed.begin());
    }
    if (value.kind() != Kind::refused) {
        mistakes.add(value.place(),
                     show(value) + " is not allowed here; " + suggest(value.text(), allowed));
    }
    return std::nullopt;
}

const Value* expect_list(const Value& value, std::string_view what, Mistakes& mistakes) {
    if (value.kind() == Kind::list) return &value;
    wrong(value, mistakes, std::string(what));
    return nullptr;
}

const Value* expect_map(const Value& value, std::string_view what, Mistakes& mistakes) {
    if (value.kind() == Kind::map) return &value;
    wrong(value, mistakes, std::string(what));
    return nullptr;
}

MapReader::MapReader(const Value& value, std::string_view what,
                     std::span<const std::string_view> keys, Mistakes& mistakes)
    : value_(value),
      what_(what),
      keys_(keys),
      mistakes_(mistakes),
      usable_(expect_map(value, std::string(what) + " (a map)", mistakes) != nullptr) {
    for (const Entry& entry : value.entries()) {
        if (std::ranges::find(keys, std::string_view(entry.key)) != keys.end()) continue;
        mistakes.add(entry.key_spot.place(), "unknown key " + quote(entry.key) + " in " +
                                                 std::string(what) + "; " +
                                                 suggest(entry.key, keys));
    }
}

const Value* MapReader::find(std::string_view key) const {
    assert(std::ranges::find(keys_, key) != keys_.end());
    return value_.find(key);
}

const Value* MapReader::require(std::string_view key) const {
    const Value* found = find(key);
    if (found == nullptr && usable_) {
        mistakes_.add(value_.place(), std::string(what_) + " has no \"" + std::string(key) + '"');
    }
    return found;
}

}  // namespace tokenbroker::document
