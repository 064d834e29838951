#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tokenbroker::api {

enum class Method : std::uint8_t { get, head, post, other };

// The values of one header that may be sent in several lines.
class Lines {
public:
    static constexpr std::size_t most = 4;

    [[nodiscard]] bool add(std::string_view value) {
        if (count_ == most) return false;
        values_.at(count_++) = value;
        return true;
    }
    [[nodiscard]] const std::string_view* begin() const { return values_.data(); }
    [[nodiscard]] const std::string_view* end() const { return values_.data() + count_; }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] bool empty() const { return count_ == 0; }

private:
    std::array<std::string_view, most> values_{};
    std::size_t count_ = 0;
};

// A request head, as views into the bytes that it was parsed from.
struct Request {
    std::string_view head;  // all of it
    Method method = Method::other;
    std::string_view path;   // as sent: percent-encoded, begins with '/'
    std::string_view query;  // without '?'
    bool http10 = false;
    bool close = false;  // the client asked for it, or speaks HTTP/1.0
    bool expects_continue = false;
    bool chunked = false;
    std::optional<std::uint64_t> content_length;
    Lines host;
    Lines accept;
    Lines if_none_match;
    Lines last_event_id;

    [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// Why bytes are no request: one sentence for people.
struct BadRequest {
    const char* why;
};

// Looks for the empty line that ends a head. `scanned` is where to go on once more bytes are there;
// the caller keeps it, zero for a new head. Lines end in CRLF, nothing else: a bare CR or LF is bad
// at once.
struct HeadEnd {
    enum class State : std::uint8_t { more, found, bad };
    State state;
    std::size_t size;  // of the head, its empty line included, where found
};
[[nodiscard]] HeadEnd find_head_end(std::string_view bytes, std::size_t& scanned) noexcept;

// `head` ends in its empty line. RFC 9112 without its tolerances: no folded lines, no space before
// a colon, no control characters, no length beside a chunked body, no transfer coding but
// `chunked`.
[[nodiscard]] std::variant<Request, BadRequest> parse_head(std::string_view head) noexcept;

// Takes the chunks of a body apart, as bytes come.
class ChunkedBody {
public:
    enum class State : std::uint8_t { more, done, bad, too_large };
    explicit ChunkedBody(std::size_t longest) : longest_(longest) {}

    // How many of the bytes belong to this body. Call again while state() is `more`.
    std::size_t feed(std::string_view bytes);
    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] std::string& body() noexcept { return body_; }

private:
    enum class At : std::uint8_t {
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer,
        trailer_lf,
        last_lf
    };
    void step(char byte);

    std::size_t longest_;
    std::string body_;
    std::size_t left_ = 0;     // of the chunk
    std::size_t digits_ = 0;   // of its size
    std::size_t framing_ = 0;  // bytes that are not data: extensions, trailers
    bool line_empty_ = true;   // of the trailer line
    At at_ = At::size;
    State state_ = State::more;
};

// "text/html, text/plain;q=0.8": whether one of the ranges is exactly `type` with a weight above
// zero.
[[nodiscard]] bool names_media_type(const Lines& accept, std::string_view type) noexcept;
// If-None-Match: a list of tags or "*", compared weakly with `tag` (which has its quotes).
[[nodiscard]] bool matches_tag(const Lines& if_none_match, std::string_view tag) noexcept;
// Whether two strings are the same but for the case of ASCII letters.
[[nodiscard]] bool same_word(std::string_view left, std::string_view right) noexcept;

}  // namespace tokenbroker::api
