#include "base/mask.hpp"
#include "document/nearest.hpp"
#include "document/read.hpp"
#include "recipe/keys.hpp"
#include "recipe/parts.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace tokenbroker::recipe {
namespace {

using document::Kind;
using document::MapReader;
using document::Mistakes;

// What frames a message or is the transport's to say. Lower case.
constexpr std::array<std::string_view, 14> reserved_headers = {"host",
                                                               "content-length",
                                                               "transfer-encoding",
                                                               "connection",
                                                               "keep-alive",
                                                               "cookie",
                                                               "te",
                                                               "trailer",
                                                               "upgrade",
                                                               "expect",
                                                               "user-agent",
                                                               "proxy-authorization",
                                                               "proxy-connection",
                                                               "x-request-id"};

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return result;
}

bool is_header_name(std::string_view name) {
    constexpr std::string_view symbols = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::ranges::all_of(name, [&](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               symbols.find(c) != std::string_view::npos;
    });
}

// A number as JSON writes it.
bool is_json_number(std::string_view text) {
    const auto digits = [&text] {
        std::size_t count = 0;
        while (count < text.size() && text[count] >= '0' && text[count] <= '9')
            ++count;
        text.remove_prefix(count);
        return count;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool leading_zero = text.starts_with('0');
    const std::size_t whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) return false;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    return text.empty();
}

std::optional<JsonTemplate> read_json(const document::Value& value, Mistakes& mistakes) {
    switch (value.kind()) {
        case Kind::refused:
            return std::nullopt;
        case Kind::null:
            return JsonTemplate{JsonTemplate::Null()};
        case Kind::scalar: {
            const std::string& text = value.text();
            if (!value.quoted() && (text == "true" || text == "false"))
                return JsonTemplate{text == "true"};
            if (!value.quoted() && is_json_number(text))
                return JsonTemplate{JsonTemplate::Number{text}};
            auto made = read_template(value, mistakes);
            if (!made) return std::nullopt;
            return JsonTemplate{std::move(*made)};
        }
        case Kind::list: {
            JsonTemplate::List list;
            for (const document::Value& item : value.items()) {
                if (auto made = read_json(item, mistakes)) list.push_back(std::move(*made));
            }
            return JsonTemplate{std::move(list)};
        }
        case Kind::map: {
            JsonTemplate::Object object;
            for (const document::Entry& entry : value.entries()) {
                if (auto made = read_json(entry.value, mistakes))
                    object.push_back({entry.key, std::move(*made)});
            }
            return JsonTemplate{std::move(object)};
        }
    }
    return std::nullopt;
}

std::vector<Field> read_fields(const document::Value& value, std::string_view what,
                               Mistakes& mistakes) {
    std::vector<Field> fields;
    if (document::expect_map(value, what, mistakes) == nullptr) return fields;
    for (const document::Entry& entry : value.entries()) {
        if (entry.key.empty()) mistakes.add(entry.key_spot.place(), "a name is not empty");
        if (auto made = read_template(entry.value, mistakes))
            fields.push_back({entry.key, std::move(*made)});
    }
    return fields;
}

bool has_control_character(const Template& text) {
    return std::ranges::any_of(text.parts(), [](const Template::Part& part) {
        return std::ranges::any_of(
            part.text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    });
}

std::vector<Field> read_headers(const document::Value& value, Mistakes& mistakes) {
    std::vector<Field> headers = read_fields(value, "a map of header names and values", mistakes);
    for (const document::Entry& entry : value.entries()) {
        const Place place = entry.key_spot.place();
        const std::string name = lower(entry.key);
        if (!is_header_name(entry.key)) {
            mistakes.add(place, "\"" + printable(entry.key, 64) + "\" is not a header name");
        } else if (std::ranges::find(reserved_headers, name) != reserved_headers.end()) {
            mistakes.add(place,
                         "a recipe can't set the header " + entry.key + ": it is the broker's own");
        }
        const auto same = [&](const document::Entry& other) { return lower(other.key) == name; };
        if (std::ranges::count_if(value.entries(), same) > 1) {
            mistakes.add(place, "the header " + printable(entry.key, 64) + " is set twice");
        }
    }
    for (const Field& header : headers) {
        if (has_control_character(header.value)) {
            mistakes.add(header.value.place(),
                         "a header's value holds no line break or control character");
        }
    }
    return headers;
}

// Of the text that a recipe's author wrote: values are checked when they are filled in.
std::string_view why_no_path_text(std::string_view text) {
    constexpr std::string_view allowed = "-._~!$&'()*+,;=:@/";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == '%') {
            const auto hex = [&](std::size_t at) {
                return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
            };
            if (!hex(i + 1) || !hex(i + 2))
                return "in a path, '%' stands before two hexadecimal digits";
            const std::string code = lower(text.substr(i + 1, 2));
            if (code == "2e" || code == "2f" || code == "5c" || code < "20" || code == "7f") {
                return "a path holds no encoded '.', '/', '\\' or control character";
            }
        } else if (std::isalnum(c) == 0 && allowed.find(text[i]) == std::string_view::npos) {
            return "a path holds letters, digits, -._~!$&'()*+,;=:@/ and %XX; what belongs after a "
                   "'?' goes into `query`";
        }
    }
    return {};
}

std::optional<Template> read_request_path(const document::Value& value, Mistakes& mistakes) {
    auto path = read_template(value, mistakes);
    if (!path) return std::nullopt;
    if (path->text().find("://") != std::string::npos || path->text().starts_with("//")) {
        mistakes.add(
            path->place(),
            "a recipe names paths, never hosts: a path like \"/api/login\", relative to base_url");
        return path;
    }
    std::string sample;  // with a harmless value in the place of each placeholder
    for (const Template::Part& part : path->parts()) {
        sample += part.placeholder ? "x" : part.text;
        const auto why = part.placeholder ? std::string_view() : why_no_path_text(part.text);
        if (why.empty()) continue;
        mistakes.add(path->place(), std::string(why));
        return path;
    }
    const bool placeholder_first = !path->parts().empty() && path->parts().front().placeholder;
    if (!sample.starts_with('/') && !placeholder_first) {
        mistakes.add(path->place(), "a path starts with '/'");
    } else if (const auto why = why_no_path(sample); sample != "/" && !why.empty()) {
        mistakes.add(path->place(), std::string(why));
    }
    return path;
}

void read_method(const MapReader& map, Request& request, Mistakes& mistakes) {
    const document::Value* value = map.require("method");
    if (value == nullptr) return;
    auto method = read_template(*value, mistakes);
    if (!method) return;
    if (method->whole().empty()) document::read_choice(*value, mistakes, keys::methods);
    request.method = std::move(*method);
}

void read_trailing_slash(const MapReader& map, Request& request, Mistakes& mistakes) {
    const document::Value* value = map.find("trailing_slash");
    if (value == nullptr) return;
    auto slash = read_template(*value, mistakes);
    if (!slash) return;
    if (slash->whole().empty()) document::read_boolean(*value, mistakes);
    request.trailing_slash = std::move(*slash);
}

void read_body(const MapReader& map, Request& request, Mistakes& mistakes) {
    if (const document::Value* json = map.find("json")) request.json = read_json(*json, mistakes);
    if (const document::Value* form = map.find("form")) {
        request.form = read_fields(*form, "a map of form fields", mistakes);
        if (map.has("json")) mistakes.add(form->place(), "a request has one of `json` and `form`");
    }
    const bool body = map.has("json") || map.has("form");
    if (body && request.method.text() == "GET") {
        mistakes.add(map.value().place(),
                     "a GET request has no body: use `query`, or another method");
    }
}

void read_basic(const MapReader& map, Request& request, Mistakes& mistakes) {
    const document::Value* value = map.find("basic");
    if (value == nullptr) return;
    const MapReader basic(*value, "`basic`", keys::basic, mistakes);
    const document::Value* user = basic.require("user");
    const document::Value* password = basic.require("password");
    if (user == nullptr || password == nullptr) return;
    auto user_text = read_template(*user, mistakes);
    auto password_text = read_template(*password, mistakes);
    if (user_text && password_text)
        request.basic = Basic{std::move(*user_text), std::move(*password_text)};
    const auto clash = [](const Field& header) { return lower(header.name) == "authorization"; };
    if (std::ranges::any_of(request.headers, clash)) {
        mistakes.add(value->place(), "a request has one of `basic` and a header Authorization");
    }
}

}  // namespace

void check_token_header_name(const document::Value& value, Mistakes& mistakes) {
    if (!is_header_name(value.text())) {
        mistakes.add(value.place(), "\"" + printable(value.text(), 64) + "\" is not a header name");
    }
}

std::optional<Request> read_request(const document::Value& value, Mistakes& mistakes) {
    const MapReader map(value, "a request", keys::request, mistakes);
    if (!map.usable()) return std::nullopt;
    Request request;
    read_method(map, request, mistakes);
    if (const document::Value* path = map.require("path")) {
        if (auto made = read_request_path(*path, mistakes)) request.path = std::move(*made);
    }
    read_trailing_slash(map, request, mistakes);
    if (const document::Value* query = map.find("query")) {
        request.query = read_fields(*query, "a map of query parameters", mistakes);
    }
    if (const document::Value* headers = map.find("headers"))
        request.headers = read_headers(*headers, mistakes);
    read_body(map, request, mistakes);
    read_basic(map, request, mistakes);
    return request;
}

}  // namespace tokenbroker::recipe
