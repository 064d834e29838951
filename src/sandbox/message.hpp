#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tokenbroker::sandbox {

// One request as the wire brought it. The target is split at '?'; names of headers are in lower
// case.
struct Request {
    std::string method;
    std::string path;   // still percent-encoded
    std::string query;  // without '?'
    std::map<std::string, std::string, std::less<>> headers;
    std::string body;
    bool tls = true;

    // "https://localhost:8443", as the caller named us.
    [[nodiscard]] std::string origin() const;
    [[nodiscard]] std::string_view header(std::string_view name) const;
    // The body's members: a JSON object, or a form whose values are text. None: it is neither.
    [[nodiscard]] std::optional<boost::json::object> members() const;
    // Form fields of the body or of the query, decoded; of a repeated name the last.
    [[nodiscard]] static std::map<std::string, std::string, std::less<>> form(
        std::string_view text);
};

struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    // The bytes of an HTTP/1.1 answer, with Content-Length and `Connection: close` where asked for.
    [[nodiscard]] std::string wire(bool close) const;
};

// Numbers as vendors write them: 1904659888.282587, not Boost's 1.904659888282587E9.
std::string json_text(const boost::json::value& value);
Response json_response(int status, const boost::json::value& body);

// What became of a request, as /sandbox/counts tells it.
enum class Outcome { ok, refused, throttled, failed };
std::string_view name_of(Outcome outcome);

struct Answer {
    Response response;
    Outcome outcome;
};
// The outcome that the status says: 2xx ok, 429 throttled, 5xx failed, all else refused.
Answer answer_of(Response response);

// `length` characters of an alphabet from the system's random source.
std::string random_text(std::string_view alphabet, std::size_t length);
inline constexpr std::string_view letters_and_digits = "0123456789abcdefghijklmnopqrstuvwxyz";

// The text of a member; empty where it is absent or not text.
std::string text_member(const boost::json::object& object, std::string_view name);

}  // namespace tokenbroker::sandbox
