#include "base/time.hpp"

#include <charconv>
#include <cstdio>

namespace tokenbroker {
namespace {

using std::chrono::days;

// Reads text from the left, a piece at a time.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool number(std::size_t digits, int& into) {
        if (rest_.size() < digits) return false;
        const auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + digits, into);
        if (failure != std::errc{} || end != rest_.data() + digits || rest_.front() == '-')
            return false;
        rest_.remove_prefix(digits);
        return true;
    }
    bool one_of(std::string_view allowed) {
        if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) return false;
        last_ = rest_.front();
        rest_.remove_prefix(1);
        return true;
    }
    // Decimals of a second, cut to milliseconds.
    bool decimals(int& milliseconds) {
        std::size_t digits = 0;
        int scale = 100;
        while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
            milliseconds += (rest_[digits] - '0') * scale;
            scale /= 10;
            ++digits;
        }
        rest_.remove_prefix(digits);
        return digits > 0;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] char last() const { return last_; }

private:
    std::string_view rest_;
    char last_ = '\0';
};

}  // namespace

std::string format_rfc3339(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    char text[40];
    const int length = std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    return {text, static_cast<std::size_t>(length)};
}

Result<WallTime> parse_rfc3339(std::string_view text) {
    const Error wrong(Errc::invalid_input, "not an RFC 3339 time such as 2026-11-22T00:00:00Z");
    Reader in(text);
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0;
    if (!in.number(4, year) || !in.one_of("-") || !in.number(2, month) || !in.one_of("-") ||
        !in.number(2, day) || !in.one_of("Tt ") || !in.number(2, hour) || !in.one_of(":") ||
        !in.number(2, minute) || !in.one_of(":") || !in.number(2, second)) {
        return wrong;
    }
    if (in.one_of(".") && !in.decimals(milliseconds)) return wrong;
    std::chrono::minutes offset{0};
    if (in.one_of("+-")) {
        const int sign = in.last() == '-' ? -1 : 1;
        int offset_hours = 0, offset_minutes = 0;
        if (!in.number(2, offset_hours) || !in.one_of(":") || !in.number(2, offset_minutes))
            return wrong;
        if (offset_hours > 23 || offset_minutes > 59) return wrong;
        offset = std::chrono::minutes(sign * (offset_hours * 60 + offset_minutes));
    } else if (!in.one_of("Zz")) {
        return wrong;
    }
    const std::chrono::year_month_day date(std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day)));
    // 60 is a leap second.
    if (!in.at_end() || !date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 60)
        return wrong;
    return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute) + std::chrono::seconds(second) +
           Milliseconds(milliseconds) - offset;
}

}  // namespace tokenbroker
