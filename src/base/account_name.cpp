#include "base/account_name.hpp"

#include <algorithm>

namespace tokenbroker {
namespace {

constexpr std::size_t longest_name = 63;

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

Result<AccountName> AccountName::parse(std::string_view text) {
    const bool valid = !text.empty() && text.size() <= longest_name &&
                       is_alphanumeric(text.front()) && std::ranges::all_of(text, [](char c) {
                           return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
                       });
    if (!valid)
        return Error(Errc::invalid_input,
                     "not an account name: allowed are " + std::string(allowed));
    return AccountName(text);
}

}  // namespace tokenbroker
