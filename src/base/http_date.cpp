#include "base/time.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace tokenbroker {
namespace {

using std::chrono::days;

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    constexpr std::string_view separators = " ,-";
    while (true) {
        const auto begin = text.find_first_not_of(separators);
        if (begin == std::string_view::npos) return words;
        text.remove_prefix(begin);
        const auto end = std::min(text.find_first_of(separators), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

// -1 where the text is anything but digits.
int number(std::string_view text) {
    if (text.empty() || text.size() > 4) return -1;
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

unsigned month_of(std::string_view name) {
    for (unsigned i = 0; i < months.size(); ++i) {
        if (months[i] == name) return i + 1;
    }
    return 0;
}

}  // namespace

std::string format_http_date(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    const auto weekday = weekdays[std::chrono::weekday(day).c_encoding()];
    const auto month = months[static_cast<unsigned>(date.month()) - 1];
    char text[48];
    const int length = std::snprintf(
        text, sizeof text, "%.3s, %02u %.3s %04d %02d:%02d:%02d GMT", weekday.data(),
        static_cast<unsigned>(date.day()), month.data(), static_cast<int>(date.year()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    return {text, static_cast<std::size_t>(length)};
}

Result<WallTime> parse_http_date(std::string_view text) {
    const Error wrong(Errc::invalid_input,
                      "not an HTTP date such as Sun, 22 Nov 2026 00:00:00 GMT");
    const auto words = words_of(text);
    // IMF-fixdate and RFC 850: weekday day month year clock GMT. asctime: weekday month day clock
    // year.
    if (words.size() != 6 && words.size() != 5) return wrong;
    const bool asctime = words.size() == 5;
    const int day = number(words[asctime ? 2 : 1]);
    const unsigned month = month_of(words[asctime ? 1 : 2]);
    const std::string_view year_word = words[asctime ? 4 : 3];
    int year = number(year_word);
    const std::string_view clock = words[asctime ? 3 : 4];
    if (!asctime && words[5] != "GMT") return wrong;
    if (year_word.size() == 2 && year >= 0) year += year < 70 ? 2000 : 1900;
    if (clock.size() != 8 || clock[2] != ':' || clock[5] != ':') return wrong;
    const int hour = number(clock.substr(0, 2));
    const int minute = number(clock.substr(3, 2));
    const int second = number(clock.substr(6, 2));
    if (day < 1 || month == 0 || year < 1970 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 60) {
        return wrong;
    }
    const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(static_cast<unsigned>(day)));
    if (!date.ok()) return wrong;
    return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute) + std::chrono::seconds(second);
}

}  // namespace tokenbroker
