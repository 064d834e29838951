#pragma once

#include "base/error.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tokenbroker::config {

// Where an upstream is: parsed once, strictly, so that no two parts of the program can read one
// text differently.
struct BaseUrl {
    bool tls = true;    // https, else http
    std::string host;   // lower case; a DNS name, or an IPv4 or IPv6 address (without brackets)
    bool ipv6 = false;  // host is an IPv6 address: brackets around it in a URL
    std::uint16_t port = 0;  // 1 to 65535; the scheme's own where none was written
    std::string path;        // empty, or begins with '/' and does not end with one

    auto operator<=>(const BaseUrl&) const = default;
    // "https://host", with ":port" where it is not the scheme's own. Equal origins are one
    // upstream.
    [[nodiscard]] std::string origin() const;
    // origin() and path.
    [[nodiscard]] std::string text() const { return origin() + path; }
};

// `https://HOST[:PORT][/PATH]`, or http. No userinfo, query, fragment, empty host, white space; the
// path holds no
// "." or ".." segment, no empty one, and no '%' but before two hexadecimal digits.
Result<BaseUrl> parse_base_url(std::string_view text);

// A DNS name, with or without a dot at its end, or an IPv4 address.
bool is_host_name(std::string_view text);

}  // namespace tokenbroker::config
