#include "upstream/request_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace tokenbroker::upstream {
namespace {

bool same_name(std::string_view left, std::string_view right) {
    return std::equal(
        left.begin(), left.end(), right.begin(), right.end(),
        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
    static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c < 0x80 &&
               (std::isalnum(c) != 0 || marks.find(static_cast<char>(c)) != std::string_view::npos);
    });
}

bool is_target(std::string_view text) {
    return text.starts_with('/') && std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return c > 0x20 && c < 0x7f;
           });
}

bool is_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

constexpr std::array<std::string_view, 6> ours = {
    "Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "X-Request-Id"};

Result<void> check(const Request& request) {
    if (!is_token(request.method))
        return Error(Errc::invalid_input, "the request's method is not a word");
    if (!is_target(request.target.reveal())) {
        return Error(Errc::invalid_input,
                     "the request's path does not begin with '/', or is not encoded");
    }
    if (!is_value(request.id))
        return Error(Errc::invalid_input, "the request's id holds a control character");
    for (const Header& header : request.headers) {
        if (!is_token(header.name))
            return Error(Errc::invalid_input, "the name of a header is not a word");
        if (!is_value(header.value.reveal())) {
            return Error(Errc::invalid_input,
                         "the header " + header.name + " would hold a control character");
        }
        if (std::any_of(ours.begin(), ours.end(),
                        [&](auto name) { return same_name(name, header.name); })) {
            return Error(Errc::invalid_input,
                         "the header " + header.name + " can't be set by a recipe");
        }
    }
    return {};
}

bool gives(const Request& request, std::string_view name) {
    return std::any_of(request.headers.begin(), request.headers.end(),
                       [&](const Header& header) { return same_name(header.name, name); });
}

void add_line(WipedString& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

Result<WipedString> request_text(const Endpoint& endpoint, const Request& request,
                                 std::string_view user_agent) {
    if (auto checked = check(request); !checked) return checked.error();

    WipedString text;
    text.append(request.method).append(" ").append(request.target.reveal()).append(" HTTP/1.1\r\n");
    add_line(text, "Host", endpoint.authority());
    if (!gives(request, "User-Agent")) add_line(text, "User-Agent", user_agent);
    if (!gives(request, "Accept")) add_line(text, "Accept", "application/json");
    if (!gives(request, "Accept-Encoding")) add_line(text, "Accept-Encoding", "identity");
    if (!request.id.empty()) add_line(text, "X-Request-Id", request.id);
    for (const Header& header : request.headers)
        add_line(text, header.name, header.value.reveal());
    if (request.body) {
        add_line(text, "Content-Length", std::to_string(request.body->size()));
    } else if (request.method != "GET" && request.method != "HEAD") {
        add_line(text, "Content-Length", "0");
    }
    add_line(text, "Connection", "close");
    text.append("\r\n");
    if (request.body) text.append(request.body->reveal());
    return text;
}

WipedString connect_text(const HostAndPort& to, std::string_view user_agent) {
    WipedString text;
    text.append("CONNECT ").append(to.text()).append(" HTTP/1.1\r\n");
    add_line(text, "Host", to.text());
    add_line(text, "User-Agent", user_agent);
    text.append("\r\n");
    return text;
}

}  // namespace tokenbroker::upstream
