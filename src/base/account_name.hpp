#pragma once

#include "base/error.hpp"

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace tokenbroker {

// The name of a configured account: [a-z0-9][a-z0-9._-]{0,62}. Valid by construction, so it can
// stand in a file name, a URL path and a metric label as it is.
class AccountName {
public:
    static Result<AccountName> parse(std::string_view text);
    static constexpr std::string_view allowed =
        "1 to 63 of a-z, 0-9, '.', '_' and '-', the first a letter or a digit";

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    auto operator<=>(const AccountName&) const = default;

private:
    explicit AccountName(std::string_view text) : text_(text) {}
    std::string text_;
};

}  // namespace tokenbroker

template <>
struct std::hash<tokenbroker::AccountName> {
    std::size_t operator()(const tokenbroker::AccountName& name) const noexcept {
        return std::hash<std::string>{}(name.text());
    }
};
