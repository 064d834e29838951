#include "config/base_url.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <netinet/in.h>
#include <optional>
#include <utility>

namespace tokenbroker::config {
namespace {

constexpr std::string_view form = "allowed is https://HOST[:PORT][/PATH]";

Error wrong(const std::string& what) {
    return {Errc::invalid_input, what + "; " + std::string(form)};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

bool is_ipv4(const std::string& text) {
    in_addr address{};
    return ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}

// The one spelling of an IPv6 address, so that equal addresses are equal origins.
std::optional<std::string> canonical_ipv6(const std::string& text) {
    in6_addr address{};
    if (::inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    return std::string(::inet_ntop(AF_INET6, &address, buffer.data(), buffer.size()));
}

bool is_label(std::string_view label) {
    const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, allowed);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint32_t port = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    const bool valid =
        error == std::errc() && stop == end && text.size() <= 5 && port >= 1 && port <= 65535;
    return valid ? std::optional(static_cast<std::uint16_t>(port)) : std::nullopt;
}

// Unreserved characters, sub-delims, ':' and '@' (RFC 3986 pchar), and whole percent-encodings.
bool is_segment(std::string_view segment) {
    constexpr std::string_view marks = "-._~!$&'()*+,;=:@";
    for (std::size_t i = 0; i < segment.size(); ++i) {
        const char c = segment[i];
        if (c == '%') {
            if (i + 2 >= segment.size() || !is_hex(segment[i + 1]) || !is_hex(segment[i + 2]))
                return false;
            i += 2;
        } else if (!is_letter(c) && !is_digit(c) && marks.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return !segment.empty() && segment != "." && segment != "..";
}

Result<std::string> parse_path(std::string_view path) {
    while (path.ends_with('/'))
        path.remove_suffix(1);
    if (path.empty()) return std::string();
    std::string_view rest = path.substr(1);
    for (;;) {
        const std::size_t slash = rest.find('/');
        if (!is_segment(rest.substr(0, slash))) {
            return wrong(
                "the path has an empty, \".\" or \"..\" segment, or a character that has to be "
                "encoded");
        }
        if (slash == std::string_view::npos) return std::string(path);
        rest.remove_prefix(slash + 1);
    }
}

// HOST or [IPv6], with an optional port.
Result<void> parse_authority(std::string_view authority, BaseUrl& url) {
    if (authority.find('@') != std::string_view::npos) {
        return wrong("a user name or password does not belong into the URL");
    }
    std::string_view host = authority;
    std::string_view after;
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos)
            return wrong("the bracket of the IPv6 address is not closed");
        host = authority.substr(1, close - 1);
        after = authority.substr(close + 1);
        auto address = canonical_ipv6(std::string(host));
        if (!address) return wrong("what is in brackets is not an IPv6 address");
        url.host = std::move(*address);
        url.ipv6 = true;
    } else {
        const std::size_t colon = authority.find(':');
        host = authority.substr(0, colon);
        if (colon != std::string_view::npos) after = authority.substr(colon);
        if (host.empty()) return wrong("the host is missing");
        if (!is_host_name(host)) return wrong("the host is not a DNS name or an address");
        url.host = lowered(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
    }
    if (after.empty()) return {};
    const auto port = after.front() == ':' ? parse_port(after.substr(1)) : std::nullopt;
    if (!port) return wrong("the port is not a number from 1 to 65535");
    url.port = *port;
    return {};
}

}  // namespace

bool is_host_name(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.size() > 253) return false;
    // What looks like an address has to be one: "1.2.3", "0x7f.1" or "1.2.3.4.5" would be read
    // differently by different resolvers.
    const std::string_view last = text.substr(text.rfind('.') + 1);
    if (!last.empty() && is_digit(last.front())) {
        const bool numeric = std::ranges::all_of(last, is_digit) || lowered(last).starts_with("0x");
        if (numeric) return is_ipv4(std::string(text));
    }
    for (std::string_view rest = text;;) {
        const std::size_t dot = rest.find('.');
        if (!is_label(rest.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        rest.remove_prefix(dot + 1);
    }
}

Result<BaseUrl> parse_base_url(std::string_view text) {
    BaseUrl url;
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return wrong("not a URL");
    const std::string scheme = lowered(text.substr(0, scheme_end));
    if (scheme != "https" && scheme != "http") return wrong("the scheme is not https");
    url.tls = scheme == "https";
    url.port = url.tls ? 443 : 80;

    const std::string_view rest = text.substr(scheme_end + 3);
    if (rest.find('?') != std::string_view::npos)
        return wrong("a query does not belong into the URL");
    if (rest.find('#') != std::string_view::npos)
        return wrong("a fragment does not belong into the URL");
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    if (auto parsed = parse_authority(rest.substr(0, slash), url); !parsed) return parsed.error();
    auto path = parse_path(rest.substr(slash));
    if (!path) return path.error();
    url.path = std::move(*path);
    return url;
}

std::string BaseUrl::origin() const {
    std::string text = tls ? "https://" : "http://";
    text += ipv6 ? '[' + host + ']' : host;
    if (port != (tls ? 443 : 80)) text += ':' + std::to_string(port);
    return text;
}

}  // namespace tokenbroker::config
