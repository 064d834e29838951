#include "base/time.hpp"

#include <array>
#include <charconv>

namespace tokenbroker {
namespace {

struct Unit {
    std::string_view name;
    Milliseconds::rep milliseconds;
};
constexpr std::array<Unit, 5> units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr Milliseconds longest_duration = std::chrono::hours(24 * 365 * 100);

template <class Time>
Time add_within_range(Time time, Milliseconds delay) noexcept {
    const auto now = time.time_since_epoch();
    if (delay.count() > 0 && now > Milliseconds::max() - delay) return Time(Milliseconds::max());
    if (delay.count() < 0 && now < Milliseconds::min() - delay) return Time(Milliseconds::min());
    return time + delay;
}

}  // namespace

WallTime saturating_add(WallTime time, Milliseconds delay) noexcept {
    return add_within_range(time, delay);
}
BootTime saturating_add(BootTime time, Milliseconds delay) noexcept {
    return add_within_range(time, delay);
}

Result<Milliseconds> parse_duration(std::string_view text) {
    const Error wrong(
        Errc::invalid_input,
        "not a duration: allowed are digits and one of ms, s, m, h, d, as in 90s or 7d");
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure == std::errc::result_out_of_range) {
        return Error(Errc::invalid_input, "duration too long: allowed are at most 36500d");
    }
    if (failure != std::errc{}) return wrong;
    const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const Unit& unit : units) {
        if (unit.name != name) continue;
        const auto size = static_cast<std::uint64_t>(unit.milliseconds);
        if (number > static_cast<std::uint64_t>(longest_duration.count()) / size) {
            return Error(Errc::invalid_input, "duration too long: allowed are at most 36500d");
        }
        return Milliseconds(static_cast<Milliseconds::rep>(number * size));
    }
    return wrong;
}

std::string format_duration(Milliseconds duration) {
    const auto count = duration.count();
    // Days read worse than hours where people think in hours: 162h, not 6d and a rest.
    for (const Unit& unit : units) {
        if (count != 0 && count % unit.milliseconds == 0) {
            return std::to_string(count / unit.milliseconds) + std::string(unit.name);
        }
    }
    return "0s";
}

std::string describe_duration(Milliseconds duration) {
    auto rest = duration.count() < 0 ? -duration.count() : duration.count();
    if (rest < 1000) return rest == 0 ? "0s" : std::to_string(rest) + "ms";
    std::string text;
    int shown = 0;
    for (const Unit& unit : units) {
        if (unit.milliseconds < 1000) break;
        const auto amount = rest / unit.milliseconds;
        rest %= unit.milliseconds;
        if (amount > 0) {
            if (!text.empty()) text += ' ';
            text += std::to_string(amount) + std::string(unit.name);
        }
        if (!text.empty() && ++shown == 2) break;
    }
    return text;
}

}  // namespace tokenbroker
