#include "recipe/fill.hpp"

#include "recipe/json_writer.hpp"
#include "recipe/parts.hpp"
#include "recipe/secret_text.hpp"

#include <algorithm>

namespace tokenbroker::recipe {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool sets_header(const Request& request, std::string_view lower_name) {
    const auto same = [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
    };
    return std::ranges::any_of(request.headers, [&](const Field& field) {
        return std::ranges::equal(field.name, lower_name, same);
    });
}

// Fills one request. Goes on after a misfit, so that there is one way out; the first one is told.
class Filler {
public:
    Filler(const Request& request, const Values& values) : request_(request), values_(values) {}

    FilledRequest fill(std::string_view base_path) {
        FilledRequest filled;
        filled.method = expand(request_.method, values_).value_or(Secret()).reveal();
        if (filled.method.empty()) misfit("the method needs a value that is not there");
        filled.path = std::string(base_path) + path();
        filled.target = target(filled.path);
        filled.body = body();
        add_headers(filled);
        return filled;
    }
    [[nodiscard]] const std::string& misfit() const { return misfit_; }

private:
    void misfit(std::string message) {
        if (misfit_.empty()) misfit_ = std::move(message);
    }

    std::string path() {
        SecretText text;
        for (const Template::Part& part : request_.path.parts()) {
            const Value* value = part.placeholder ? values_.find(part.text) : nullptr;
            if (!part.placeholder) {
                text.append(part.text);
            } else if (value == nullptr) {
                misfit("the path needs \"" + part.text + "\", and there is none");
            } else {
                add_path_value(*value, part.text, text);
            }
        }
        std::string filled(text.reveal());
        if (!filled.starts_with('/')) filled.insert(0, 1, '/');
        if (filled != "/" && !why_no_path(filled).empty()) {
            misfit("with these values the path has a \".\", \"..\" or empty segment");
        }
        const auto slash = expand(request_.trailing_slash, values_);
        const std::string_view wanted = slash ? slash->reveal() : "";
        if (wanted == "true" && !filled.ends_with('/')) filled += '/';
        if (wanted == "never" && filled.size() > 1 && filled.ends_with('/')) filled.pop_back();
        return filled;
    }

    // A value is one segment or a part of one; of type path, as many as it has.
    void add_path_value(const Value& value, const std::string& name, SecretText& path) {
        const Secret text = value.as_text();
        std::string_view rest = text.reveal();
        if (value.is_path()) {
            if (const auto why = why_no_path(rest); !why.empty())
                misfit("\"" + name + "\": " + std::string(why));
            if (rest.starts_with('/') && path.reveal().ends_with('/')) rest.remove_prefix(1);
        } else if (std::ranges::any_of(
                       rest, [](char c) { return is_control(c) || c == '/' || c == '\\'; })) {
            misfit("\"" + name +
                   "\" stands in a path segment, and can't hold '/', '\\' or control characters");
        }
        const std::string_view as_they_are = value.is_path() ? "/!$&'()*+,;=:@" : "";
        for (const char c : rest) {
            if (as_they_are.find(c) != std::string_view::npos) {
                path.append(c);
            } else {
                path.append_percent_encoded(std::string_view(&c, 1));
            }
        }
    }

    Secret target(std::string_view path) {
        SecretText text;
        text.append(path);
        bool first = true;
        for (const Field& field : request_.query) {
            const auto value = expand(field.value, values_);
            if (!value) continue;
            text.append(first ? '?' : '&');
            first = false;
            text.append_percent_encoded(field.name);
            text.append('=');
            text.append_percent_encoded(value->reveal());
        }
        return text.take();
    }

    std::optional<Secret> body() {
        SecretText text;
        if (request_.json) {
            if (auto mistake = write_json(*request_.json, values_, text); !mistake.empty())
                misfit(std::move(mistake));
            return text.take();
        }
        if (!request_.form) return std::nullopt;
        for (const Field& field : *request_.form) {
            const auto value = expand(field.value, values_);
            if (!value) continue;
            if (!text.empty()) text.append('&');
            text.append_form_encoded(field.name);
            text.append('=');
            text.append_form_encoded(value->reveal());
        }
        return text.take();
    }

    void add_headers(FilledRequest& filled) {
        if (!sets_header(request_, "accept"))
            filled.headers.push_back({"Accept", Secret("application/json")});
        if (filled.body && !sets_header(request_, "content-type")) {
            const std::string_view type =
                request_.json ? "application/json" : "application/x-www-form-urlencoded";
            filled.headers.push_back({"Content-Type", Secret(type)});
        }
        if (request_.basic) filled.headers.push_back({"Authorization", basic(*request_.basic)});
        for (const Field& field : request_.headers) {
            auto value = expand(field.value, values_);
            if (!value) continue;
            if (std::ranges::any_of(value->reveal(), is_control)) {
                misfit("the header " + field.name +
                       " can't hold a line break or another control character");
            }
            filled.headers.push_back({field.name, std::move(*value)});
        }
    }

    // RFC 6749 2.3.1: both parts form-encoded, so that neither holds a ':'.
    Secret basic(const Basic& basic) {
        const auto user = expand(basic.user, values_);
        const auto password = expand(basic.password, values_);
        if (!user || !password) {
            misfit("`basic` needs a user and a password, and one of them is absent");
            return Secret();
        }
        SecretText pair;
        pair.append_form_encoded(user->reveal());
        pair.append(':');
        pair.append_form_encoded(password->reveal());
        SecretText header;
        header.append("Basic ");
        header.append_base64(pair.reveal());
        return header.take();
    }

    const Request& request_;
    const Values& values_;
    std::string misfit_;
};

}  // namespace

Result<FilledRequest> fill(const Step& step, const Values& values, std::string_view base_path) {
    Filler filler(step.request, values);
    FilledRequest filled = filler.fill(base_path);
    if (filler.misfit().empty()) return filled;
    return Error(Errc::misconfigured,
                 "the request of step \"" + step.name + "\" can't be made: " + filler.misfit());
}

}  // namespace tokenbroker::recipe
