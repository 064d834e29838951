#include "sandbox/message.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cctype>
#include <charconv>
#include <random>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(digit)));
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string form_decode(std::string_view text) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' && at + 2 < text.size() && hex_digit(text[at + 1]) >= 0 &&
            hex_digit(text[at + 2]) >= 0) {
            decoded.push_back(
                static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2])));
            at += 2;
        } else {
            decoded.push_back(text[at] == '+' ? ' ' : text[at]);
        }
    }
    return decoded;
}

std::string_view reason_of(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 429:
            return "Too Many Requests";
        case 500:
            return "Internal Server Error";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Other";
    }
}

}  // namespace

std::string Request::origin() const {
    return std::string(tls ? "https://" : "http://").append(header("host"));
}

std::string random_text(std::string_view alphabet, std::size_t length) {
    static std::random_device source;
    std::uniform_int_distribution<std::size_t> place(0, alphabet.size() - 1);
    std::string text;
    while (text.size() < length)
        text.push_back(alphabet[place(source)]);
    return text;
}

std::string_view Request::header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::map<std::string, std::string, std::less<>> Request::form(std::string_view text) {
    std::map<std::string, std::string, std::less<>> fields;
    while (!text.empty()) {
        const auto end = text.find('&');
        const std::string_view pair = text.substr(0, end);
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos) {
            fields.insert_or_assign(form_decode(pair.substr(0, equals)),
                                    form_decode(pair.substr(equals + 1)));
        }
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return fields;
}

std::optional<json::object> Request::members() const {
    if (header("content-type").starts_with("application/x-www-form-urlencoded") &&
        !body.starts_with('{')) {
        json::object object;
        for (const auto& [name, value] : form(body))
            object[name] = value;
        return object;
    }
    boost::system::error_code failure;
    const json::value value = json::parse(body, failure);
    if (failure || !value.is_object()) return std::nullopt;
    return value.get_object();
}

std::string Response::wire(bool close) const {
    std::string bytes = "HTTP/1.1 " + std::to_string(status) + " ";
    bytes.append(reason_of(status)).append("\r\nServer: tokenbroker-sandbox\r\n");
    for (const auto& [name, value] : headers)
        bytes.append(name).append(": ").append(value).append("\r\n");
    bytes.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    if (close) bytes.append("Connection: close\r\n");
    return bytes.append("\r\n").append(body);
}

std::string json_text(const json::value& value) {
    if (value.is_double()) {
        std::array<char, 64> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                       value.get_double(), std::chars_format::fixed, 6);
        return {digits.data(), end.ptr};
    }
    std::string text;
    if (value.is_object()) {
        for (const auto& [name, member] : value.get_object()) {
            text.append(text.empty() ? "{" : ",")
                .append(json::serialize(json::string(name)))
                .append(":")
                .append(json_text(member));
        }
        return text.empty() ? "{}" : text + "}";
    }
    if (value.is_array()) {
        for (const json::value& element : value.get_array())
            text.append(text.empty() ? "[" : ",").append(json_text(element));
        return text.empty() ? "[]" : text + "]";
    }
    return json::serialize(value);
}

Response json_response(int status, const json::value& body) {
    return Response{status, {{"Content-Type", "application/json"}}, json_text(body)};
}

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::ok:
            return "ok";
        case Outcome::refused:
            return "refused";
        case Outcome::throttled:
            return "throttled";
        case Outcome::failed:
            return "failed";
    }
    return "failed";
}

Answer answer_of(Response response) {
    const int status = response.status;
    const Outcome outcome = status >= 200 && status < 300 ? Outcome::ok
                            : status == 429               ? Outcome::throttled
                            : status >= 500               ? Outcome::failed
                                                          : Outcome::refused;
    return Answer{std::move(response), outcome};
}

std::string text_member(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return std::string(value->get_string());
}

}  // namespace tokenbroker::sandbox
