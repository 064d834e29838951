#include "sandbox/served.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cctype>

namespace tokenbroker::sandbox {

namespace json = boost::json;

namespace {

std::string header_name(std::string_view text) {
    std::string small(text);
    std::ranges::transform(small, small.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return small;
}

// Whether `value` has all that `wanted` has: an object its members, anything else the very value.
bool holds(const json::value& value, const json::value& wanted) {
    if (!wanted.is_object()) return value == wanted;
    if (!value.is_object()) return false;
    return std::ranges::all_of(wanted.get_object(), [&](const auto& member) {
        const json::value* at = value.get_object().if_contains(member.key());
        return at != nullptr && holds(*at, member.value());
    });
}

bool all_texts(const json::value& value) {
    return value.is_object() && std::ranges::all_of(value.get_object(), [](const auto& member) {
               return member.value().is_string();
           });
}

bool assign_condition(const json::value& value, json::object& headers, json::object& body) {
    if (!value.is_object()) return false;
    return std::ranges::all_of(value.get_object(), [&](const auto& member) {
        const bool of_headers = member.key() == "headers" && all_texts(member.value());
        const bool of_body = member.key() == "body" && member.value().is_object();
        if (of_headers) headers = member.value().get_object();
        if (of_body) body = member.value().get_object();
        return of_headers || of_body;
    });
}

std::string with_random(std::string body) {
    constexpr std::string_view mark = "$RANDOM";
    for (auto at = body.find(mark); at != std::string::npos; at = body.find(mark)) {
        body.replace(at, mark.size(), random_text(letters_and_digits, 40));
    }
    return body;
}

}  // namespace

Result<ServedAnswer> ServedAnswer::parse(const json::object& object) {
    ServedAnswer made;
    for (const auto& [name, value] : object) {
        if (!made.assign(name, value)) {
            return Error(Errc::invalid_input,
                         "serve: '" + std::string(name) + "' is unknown or of a wrong type");
        }
    }
    if (!made.path_.starts_with('/'))
        return Error(Errc::invalid_input, "serve: a 'path' with a first '/' is wanted");
    return made;
}

bool ServedAnswer::assign(std::string_view name, const json::value& value) {
    if (name == "if") return assign_condition(value, if_headers_, if_body_);
    if (name == "status" && value.is_int64()) {
        status_ = static_cast<int>(value.get_int64());
        return status_ >= 200 && status_ <= 599;
    }
    if (name == "headers" && all_texts(value)) {
        headers_ = value.get_object();
        return true;
    }
    if (name == "body") {
        body_ = value.is_string() ? std::string(value.get_string()) : json::serialize(value);
        return true;
    }
    std::string* text = name == "method" ? &method_
                        : name == "path" ? &path_
                        : name == "name" ? &name_
                                         : nullptr;
    if (text == nullptr || !value.is_string()) return false;
    *text = value.get_string();
    return true;
}

bool ServedAnswer::fits(const Request& request) const {
    if (path_ != request.path || (!method_.empty() && method_ != request.method)) return false;
    const bool headers = std::ranges::all_of(if_headers_, [&](const auto& wanted) {
        return request.header(header_name(wanted.key())) ==
               std::string_view(wanted.value().get_string());
    });
    if (!headers || if_body_.empty()) return headers;
    const auto members = request.members();
    return members && holds(*members, if_body_);
}

Response ServedAnswer::response() const {
    Response response;
    response.status = status_;
    response.headers.emplace_back("Content-Type", "application/json");
    for (const auto& [name, value] : headers_)
        response.headers.emplace_back(std::string(name), std::string(value.get_string()));
    response.body = with_random(body_);
    return response;
}

}  // namespace tokenbroker::sandbox
