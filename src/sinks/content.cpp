#include "sinks/content.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tokenbroker::sinks {
namespace {

constexpr std::string_view safe_in_a_shell =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+/=:,@%";
// How a quote is written inside single quotes: end them, a quoted quote, begin them again.
constexpr std::string_view escaped_quote = "'\\''";

Secret joined(std::initializer_list<std::string_view> pieces) {
    std::size_t size = 0;
    for (const auto piece : pieces)
        size += piece.size();
    Secret whole = Secret::of_size(size);
    char* out = whole.writable().data();
    for (const auto piece : pieces)
        out = std::copy(piece.begin(), piece.end(), out);
    return whole;
}

// ROSSUM_PROD_TOKEN for rossum-prod; _5G_TOKEN for 5g, as no shell assigns a name that begins with
// a digit.
std::string variable_name(const AccountName& account) {
    const char first = account.text().front();
    std::string name = first >= '0' && first <= '9' ? "_" : "";
    for (const char c : account.text()) {
        const bool lower = c >= 'a' && c <= 'z';
        const bool digit = c >= '0' && c <= '9';
        name += lower ? static_cast<char>(c - 'a' + 'A') : digit ? c : '_';
    }
    return name + "_TOKEN";
}

Secret shell_quoted(std::string_view value) {
    if (!value.empty() && value.find_first_not_of(safe_in_a_shell) == std::string_view::npos) {
        return Secret(value);
    }
    const auto quotes = static_cast<std::size_t>(std::ranges::count(value, '\''));
    Secret out = Secret::of_size(value.size() + 2 + quotes * (escaped_quote.size() - 1));
    char* at = out.writable().data();
    *at++ = '\'';
    for (const char c : value) {
        if (c == '\'') {
            at = std::ranges::copy(escaped_quote, at).out;
        } else {
            *at++ = c;
        }
    }
    *at = '\'';
    return out;
}

}  // namespace

Secret content_of(const broker::Published& token, const AccountName& account, Format format) {
    switch (format) {
        case Format::raw:
            return Secret(token.token());
        case Format::json:
            return Secret(token.json_body());
        case Format::header:
            return joined({token.header_name, ": ", token.header_value.reveal(), "\n"});
        case Format::env: {
            const Secret quoted = shell_quoted(token.token());
            return joined({variable_name(account), "=", quoted.reveal(), "\n"});
        }
    }
    return {};
}

}  // namespace tokenbroker::sinks
