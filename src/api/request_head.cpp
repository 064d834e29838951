#include "api/request.hpp"

#include <charconv>
#include <cstring>

namespace tokenbroker::api {
namespace {

enum CharClass : unsigned char {
    token_char = 1,   // RFC 9110 tchar
    value_char = 2,   // of a header's value: visible, space, tab, obs-text
    target_char = 4,  // of a request target
};

constexpr std::array<unsigned char, 256> make_classes() {
    std::array<unsigned char, 256> classes{};
    for (unsigned c = 0x20; c < 256; ++c) {
        if (c != 0x7F) classes[c] = value_char;
    }
    classes['\t'] = value_char;
    for (unsigned c = 0x21; c < 0x7F; ++c) {
        if (std::string_view("\"#<>\\^`{|}").find(static_cast<char>(c)) == std::string_view::npos) {
            classes[c] |= target_char;
        }
        if (std::string_view("\"(),/:;<=>?@[\\]{}").find(static_cast<char>(c)) ==
            std::string_view::npos) {
            classes[c] |= token_char;
        }
    }
    return classes;
}
constexpr std::array<unsigned char, 256> classes = make_classes();

bool all_of_class(std::string_view text, unsigned char wanted) noexcept {
    unsigned char all = wanted;
    for (const char c : text)
        all &= classes[static_cast<unsigned char>(c)];
    return all == wanted;
}

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// The next member of a comma-separated list, which may have empty ones; false at its end.
bool next_member(std::string_view& list, std::string_view& member) noexcept {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        member = trim(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        if (!member.empty()) return true;
    }
    return false;
}

Method method_of(std::string_view name) noexcept {
    if (name == "GET") return Method::get;
    if (name == "HEAD") return Method::head;
    if (name == "POST") return Method::post;
    return Method::other;
}

const char* parse_target(std::string_view target, Request& request) noexcept {
    constexpr const char* wrong = "the request target is not a path";
    if (!all_of_class(target, target_char)) return wrong;
    // The absolute form, which is what a client sends that takes us for a proxy.
    if (target.size() > 7 && same_word(target.substr(0, 7), "http://")) {
        const std::size_t path = target.find('/', 7);
        if (path == std::string_view::npos) return wrong;
        target.remove_prefix(path);
    }
    if (target.empty() || target.front() != '/') return wrong;
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
    return nullptr;
}

const char* parse_request_line(std::string_view line, Request& request) noexcept {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return "the request line is not METHOD PATH HTTP/1.1";
    const std::string_view method = line.substr(0, first);
    if (method.empty() || !all_of_class(method, token_char)) return "the method is not a word";
    request.method = method_of(method);
    const std::string_view version = line.substr(last + 1);
    if (version == "HTTP/1.0") {
        request.http10 = true;
        request.close = true;
    } else if (version != "HTTP/1.1") {
        return "the protocol is neither HTTP/1.1 nor HTTP/1.0";
    }
    return parse_target(line.substr(first + 1, last - first - 1), request);
}

const char* take_content_length(std::string_view value, Request& request) noexcept {
    if (request.content_length) return "Content-Length is there twice";
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (value.empty() || error != std::errc() || end != value.data() + value.size()) {
        return "Content-Length is not a number";
    }
    request.content_length = length;
    return nullptr;
}

const char* take_header(std::string_view name, std::string_view value, Request& request) noexcept {
    constexpr const char* too_often = "a header is there too often";
    switch (name.size()) {
        case 4:
            if (same_word(name, "host") && !request.host.add(value)) return too_often;
            break;
        case 6:
            if (same_word(name, "accept") && !request.accept.add(value)) return too_often;
            if (same_word(name, "expect")) {
                if (!same_word(value, "100-continue"))
                    return "what Expect asks for is not known here";
                request.expects_continue = !request.http10;
            }
            break;
        case 10:
            if (same_word(name, "connection")) {
                std::string_view word;
                while (next_member(value, word))
                    request.close = request.close || same_word(word, "close");
            }
            break;
        case 13:
            if (same_word(name, "if-none-match") && !request.if_none_match.add(value))
                return too_often;
            if (same_word(name, "last-event-id") && !request.last_event_id.add(value))
                return too_often;
            break;
        case 14:
            if (same_word(name, "content-length")) return take_content_length(value, request);
            break;
        case 17:
            if (same_word(name, "transfer-encoding")) {
                if (request.chunked || request.http10 || !same_word(value, "chunked")) {
                    return "the only transfer coding taken is one `chunked`";
                }
                request.chunked = true;
            }
            break;
        default:
            break;
    }
    return nullptr;
}

const char* parse_header_line(std::string_view line, Request& request) noexcept {
    if (line.front() == ' ' || line.front() == '\t') return "a header is folded over two lines";
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return "a header has no name";
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 1);
    if (!all_of_class(name, token_char)) return "a header's name is not a word";
    if (!all_of_class(value, value_char)) return "a header's value has control characters";
    return take_header(name, trim(value), request);
}

// Cuts the next line off; the head is known to consist of lines that end in CRLF.
std::string_view cut_line(std::string_view& head) noexcept {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    return line;
}

}  // namespace

bool same_word(std::string_view left, std::string_view right) noexcept {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (lower(left[i]) != lower(right[i])) return false;
    }
    return true;
}

HeadEnd find_head_end(std::string_view bytes, std::size_t& scanned) noexcept {
    constexpr HeadEnd bad{HeadEnd::State::bad, 0};
    // Something else than HTTP (a TLS hello, say) is told at its first byte.
    if (!bytes.empty() && (classes[static_cast<unsigned char>(bytes.front())] & token_char) == 0)
        return bad;
    while (scanned < bytes.size()) {
        const void* found = std::memchr(bytes.data() + scanned, '\n', bytes.size() - scanned);
        if (found == nullptr) break;
        const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        if (at == 0 || bytes[at - 1] != '\r') return bad;
        scanned = at + 1;
        if (at >= 3 && bytes[at - 2] == '\n') return {HeadEnd::State::found, at + 1};
    }
    scanned = bytes.size();
    return {HeadEnd::State::more, 0};
}

std::variant<Request, BadRequest> parse_head(std::string_view head) noexcept {
    Request request;
    request.head = head;
    if (const char* why = parse_request_line(cut_line(head), request)) return BadRequest{why};
    while (!head.empty()) {
        const std::string_view line = cut_line(head);
        if (line.empty()) break;
        if (const char* why = parse_header_line(line, request)) return BadRequest{why};
    }
    if (!head.empty()) return BadRequest{"the head goes on after its empty line"};
    if (request.chunked && request.content_length) {
        return BadRequest{"a chunked body has a Content-Length too"};
    }
    return request;
}

bool names_media_type(const Lines& accept, std::string_view type) noexcept {
    for (std::string_view list : accept) {
        std::string_view range;
        while (next_member(list, range)) {
            const std::size_t semicolon = range.find(';');
            if (!same_word(trim(range.substr(0, semicolon)), type)) continue;
            if (semicolon == std::string_view::npos) return true;
            // A weight of zero says "not this": q=0, q=0.0, q=0.00, q=0.000.
            const std::string_view weight = trim(range.substr(range.rfind(';') + 1));
            const bool zero = weight.size() >= 3 && lower(weight[0]) == 'q' && weight[1] == '=' &&
                              weight.find_first_not_of("0.", 2) == std::string_view::npos;
            if (!zero) return true;
        }
    }
    return false;
}

bool matches_tag(const Lines& if_none_match, std::string_view tag) noexcept {
    for (std::string_view list : if_none_match) {
        std::string_view member;
        while (next_member(list, member)) {
            if (member == "*") return true;
            if (member.substr(0, 2) == "W/") member.remove_prefix(2);
            if (member == tag) return true;
        }
    }
    return false;
}

}  // namespace tokenbroker::api
