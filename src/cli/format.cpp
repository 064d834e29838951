#include "cli/format.hpp"

#include <array>
#include <utility>

namespace tokenbroker::cli {

std::string variable_name(std::string_view account) {
    const bool begins_with_digit = !account.empty() && account[0] >= '0' && account[0] <= '9';
    std::string name = begins_with_digit ? "_" : "";  // or no shell could assign it
    for (const char c : account) {
        const bool lower = c >= 'a' && c <= 'z';
        const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
    }
    return name + "_TOKEN";
}

std::string shell_quoted(std::string_view value) {
    constexpr std::string_view safe =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+/=:,@%";
    if (!value.empty() && value.find_first_not_of(safe) == std::string_view::npos)
        return std::string(value);
    std::string out = "'";
    for (const char c : value) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

bool is_variable_name(std::string_view name) {
    constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    constexpr std::string_view all =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return !name.empty() && first.find(name.front()) != std::string_view::npos &&
           name.find_first_not_of(all) == std::string_view::npos;
}

std::string formatted(const client::Token& token, std::string_view format) {
    if (format == "json") return token.json + "\n";
    if (format == "header") return token.header_name + ": " + token.header_value + "\n";
    if (format == "env")
        return variable_name(token.account) + "=" + shell_quoted(token.access_token) + "\n";
    return token.access_token + "\n";
}

std::string human(std::chrono::seconds duration) {
    constexpr std::array<std::pair<std::int64_t, char>, 4> units = {
        {{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}, {1, 's'}}};
    std::int64_t left = duration.count() < 0 ? 0 : duration.count();
    for (std::size_t i = 0; i < units.size(); ++i) {
        const auto [size, letter] = units[i];
        if (left < size) continue;
        std::string text = std::to_string(left / size) + letter;
        left %= size;
        if (i + 1 < units.size() && left >= units[i + 1].first) {
            text += " " + std::to_string(left / units[i + 1].first) + units[i + 1].second;
        }
        return text;
    }
    return "0s";
}

std::string in_time(client::TimePoint at, client::TimePoint now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(at - now);
    if (left.count() == 0) return "now";
    return left.count() > 0 ? "in " + human(left) : human(-left) + " ago";
}

}  // namespace tokenbroker::cli
