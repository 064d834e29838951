#include "client/text.hpp"

#include <charconv>
#include <cstdint>

namespace tokenbroker::client {

namespace {

// The number that these characters are, all of them digits.
std::optional<int> digits(std::string_view text) {
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

std::optional<TimePoint> parse_time(std::string_view text) {
    using namespace std::chrono;
    if (text.size() < 20 || text.size() > 30 || text.back() != 'Z') return std::nullopt;
    if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        return std::nullopt;
    const auto y = digits(text.substr(0, 4));
    const auto mo = digits(text.substr(5, 2));
    const auto d = digits(text.substr(8, 2));
    const auto h = digits(text.substr(11, 2));
    const auto mi = digits(text.substr(14, 2));
    const auto s = digits(text.substr(17, 2));
    if (!y || !mo || !d || !h || !mi || !s || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
    const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)},
                              day{static_cast<unsigned>(*d)}};
    if (!date.ok()) return std::nullopt;

    std::string_view fraction = text.substr(19, text.size() - 20);
    milliseconds thousandths{0};
    if (!fraction.empty()) {
        if (fraction.front() != '.' || fraction.size() < 2) return std::nullopt;
        fraction.remove_prefix(1);
        if (!digits(fraction.substr(0, 9)) || fraction.size() > 9) return std::nullopt;
        int scale = 100;
        for (const char c : fraction.substr(0, 3)) {
            thousandths += milliseconds((c - '0') * scale);
            scale /= 10;
        }
    }
    return sys_days{date} + hours{*h} + minutes{*mi} + seconds{*s} + thousandths;
}

std::string one_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 =
            byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (byte < 0x20 || byte == 0x7F || c1) {
            out.push_back(' ');
            if (c1) ++i;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

std::string duration_text(Milliseconds duration) {
    const auto count = duration.count();
    if (count % 1000 != 0) return std::to_string(count) + "ms";
    return std::to_string(count / 1000) + "s";
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    if (text.empty() || text.front() == '-') return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    std::int64_t scale = 0;
    if (unit == "ms") scale = 1;
    if (unit == "s") scale = 1'000;
    if (unit == "m") scale = 60'000;
    if (unit == "h") scale = 3'600'000;
    if (unit == "d") scale = 86'400'000;
    std::int64_t milliseconds = 0;
    if (scale == 0 || __builtin_mul_overflow(count, scale, &milliseconds)) return std::nullopt;
    return Milliseconds(milliseconds);
}

}  // namespace tokenbroker::client
