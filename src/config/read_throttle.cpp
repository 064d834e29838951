#include "config/keys.hpp"
#include "config/read_parts.hpp"
#include "document/read.hpp"

#include <charconv>

namespace tokenbroker::config {
namespace {

using document::MapReader;
using document::Value;
using namespace std::chrono_literals;

constexpr std::int64_t most_logins = 1'000'000;
constexpr Milliseconds shortest_window = 1s;
constexpr Milliseconds longest_window = std::chrono::hours(24 * 365);
constexpr Milliseconds shortest_step = 1s;
constexpr Milliseconds longest_step = std::chrono::hours(24);

// A factor between steps: 1 to 100, decimals allowed.
std::optional<double> read_factor(const Value& value, document::Mistakes& mistakes) {
    const std::string& text = value.text();
    double factor = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, factor, std::chars_format::fixed);
    const bool number = value.kind() == document::Kind::scalar && !value.quoted() &&
                        error == std::errc() && stop == end;
    if (number && factor >= 1 && factor <= 100) return factor;
    if (value.kind() != document::Kind::refused) {
        mistakes.add(value.place(),
                     "expected a number from 1 to 100, found " + document::show(value));
    }
    return std::nullopt;
}

void read_backoff(const Value& value, core::Backoff& into, Context& context) {
    const MapReader map(value, "a backoff", keys::backoff, context.mistakes);
    map.take("initial", into.initial, document::read_duration, shortest_step, longest_step);
    map.take("factor", into.factor, read_factor);
    map.take("max", into.max, document::read_duration, shortest_step, longest_step);
    if (map.usable() && into.max < into.initial) {
        context.mistakes.add(value.place(), "max (" + format_duration(into.max) +
                                                ") is less than initial (" +
                                                format_duration(into.initial) + ")");
    }
}

void read_budget(const MapReader& map, core::Budget& into) {
    std::int64_t logins = 0;
    if (map.take("logins", logins, document::read_integer, std::int64_t{1}, most_logins)) {
        into.logins = static_cast<unsigned>(logins);
    }
    map.take("per", into.per, document::read_duration, shortest_window, longest_window);
}

}  // namespace

void read_throttle(const Value& value, ThrottleSettings& into, std::string* realm,
                   Context& context) {
    using Keys = std::span<const std::string_view>;
    const Keys allowed = realm != nullptr ? Keys(keys::account_throttle) : Keys(keys::throttle);
    const MapReader map(value, "a throttle", allowed, context.mistakes);
    read_budget(map, into.budget);
    if (const Value* ladder = map.find("backoff")) read_backoff(*ladder, into.backoff, context);
    if (const Value* ladder = map.find("throttled_backoff")) {
        read_backoff(*ladder, into.throttled_backoff, context);
    }
    if (realm != nullptr) map.take("realm", *realm, read_realm_name);
}

std::optional<std::string> read_realm_name(const Value& value, document::Mistakes& mistakes) {
    constexpr std::size_t longest = 300;
    auto name = document::read_word(value, mistakes);
    if (!name || name->size() <= longest) return name;
    mistakes.add(value.place(),
                 "the name of a realm is too long; at most " + std::to_string(longest) + " bytes");
    return std::nullopt;
}

void read_realms(const Value& value, std::map<std::string, core::Budget>& into, Context& context) {
    if (document::expect_map(value, "realms (a map)", context.mistakes) == nullptr) return;
    for (const document::Entry& entry : value.entries()) {
        const MapReader map(entry.value, "a realm", keys::realm, context.mistakes);
        core::Budget budget = core::default_realm_budget;
        read_budget(map, budget);
        if (!read_realm_name(Value::scalar(entry.key_spot, entry.key, true), context.mistakes)) {
            continue;
        }
        into.insert_or_assign(entry.key, budget);
    }
}

}  // namespace tokenbroker::config
