#include "recipe/token.hpp"

#include "base/encode.hpp"
#include "recipe/json.hpp"
#include "recipe/json_writer.hpp"
#include "recipe/secret_text.hpp"
#include "recipe/uses.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

namespace tokenbroker::recipe {
namespace {

using core::ExpirySource;

constexpr std::size_t longest_token = std::size_t{64} * 1024;
constexpr double longest_life = 100.0 * 365 * 24 * 3600;  // seconds

Error bad(std::string message) {
    return {Errc::bad_answer, std::move(message)};
}

// A number, or a text that is a decimal one.
std::optional<double> number_of(const Value& value) {
    if (const auto* number = std::get_if<double>(&value.scalar())) return *number;
    if (const auto* number = std::get_if<std::int64_t>(&value.scalar()))
        return static_cast<double>(*number);
    if (const auto* number = std::get_if<std::uint64_t>(&value.scalar()))
        return static_cast<double>(*number);
    if (const auto* duration = std::get_if<Milliseconds>(&value.scalar())) {
        return std::chrono::duration<double>(*duration).count();
    }
    const auto* text = std::get_if<Secret>(&value.scalar());
    if (text == nullptr || text->empty()) return std::nullopt;
    const std::string_view digits = text->reveal();
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number,
                                              std::chars_format::fixed);
    if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(number))
        return std::nullopt;
    return number;
}

// `seconds` is within a hundred years: milliseconds fit easily.
Milliseconds to_milliseconds(double seconds) {
    return Milliseconds(static_cast<std::int64_t>(std::floor(seconds * 1000)));
}

Result<Expiry> expiry_at(const std::string& what, double seconds, ExpirySource source,
                         WallTime sent) {
    const double now = std::chrono::duration<double>(sent.time_since_epoch()).count();
    const std::string allowed = ": allowed are times to come, up to a hundred years from now";
    if (!(seconds > now)) return bad(what + " says that the token has expired already" + allowed);
    if (seconds - now > longest_life) return bad(what + " is over a hundred years away" + allowed);
    return Expiry{source, WallTime(to_milliseconds(seconds)), std::nullopt};
}

Result<Expiry> expiry_in(const std::string& what, double seconds, ExpirySource source) {
    const std::string allowed = ": allowed are 1 second to a hundred years";
    if (!(seconds >= 1))
        return bad(what + " says that the token lives for less than a second" + allowed);
    if (seconds > longest_life) return bad(what + " is more than a hundred years" + allowed);
    return Expiry{source, std::nullopt, to_milliseconds(seconds)};
}

bool mentions(const Template& text, std::string_view name) {
    return std::ranges::any_of(text.parts(), [&](const Template::Part& part) {
        return part.placeholder && part.text == name;
    });
}

// Whether the upstream is told this value.
bool is_sent(const Recipe& recipe, const std::string& name, const Values& values) {
    const auto sent_by = [&](const Step& step) {
        return runs(step, values) && names_in(step.request).contains(name);
    };
    return std::ranges::any_of(recipe.acquire, sent_by);
}

Result<Expiry> after(const Recipe& recipe, const Values& values) {
    const Template& text = recipe.token.expires.value;
    if (text.literal()) {
        const auto duration = parse_duration(text.text());
        if (!duration) return duration.error();
        return Expiry{ExpirySource::assumed, std::nullopt, *duration};
    }
    const std::string name(text.whole());
    const Value* value = values.find(name);
    const auto seconds = value != nullptr ? number_of(*value) : std::nullopt;
    if (!seconds) return bad("`" + name + "` is not there, or not a lifetime");
    // The upstream is told whole seconds.
    const bool requested = recipe.find_input(name) != nullptr && is_sent(recipe, name, values);
    return expiry_in("`" + name + "`", std::floor(*seconds),
                     requested ? ExpirySource::requested : ExpirySource::assumed);
}

// A default of ours may be a duration, whatever the upstream would have said in its place.
std::optional<double> assumed_lifetime(const Value& value) {
    if (!value.assumed()) return std::nullopt;
    if (const auto* duration = std::get_if<Milliseconds>(&value.scalar()))
        return std::chrono::duration<double>(*duration).count();
    const auto* text = std::get_if<Secret>(&value.scalar());
    const auto duration =
        text != nullptr ? parse_duration(text->reveal()) : Error(Errc::invalid_input, "");
    if (!duration) return std::nullopt;
    return std::chrono::duration<double>(*duration).count();
}

Result<Expiry> at(const std::string& name, const Value& value, WallTime sent) {
    const std::string what = "`" + name + "`";
    const ExpirySource source = value.assumed() ? ExpirySource::assumed : ExpirySource::stated;
    if (const auto lifetime = assumed_lifetime(value)) return expiry_in(what, *lifetime, source);
    if (const auto seconds = number_of(value)) return expiry_at(what, *seconds, source, sent);
    const auto* text = std::get_if<Secret>(&value.scalar());
    if (text != nullptr) {
        if (const auto time = parse_rfc3339(text->reveal())) {
            return expiry_at(what, std::chrono::duration<double>(time->time_since_epoch()).count(),
                             source, sent);
        }
    }
    return bad(what + " is not a time: allowed are seconds since 1970 and RFC 3339");
}

Result<Expiry> jwt(const std::string& name, const Value& value, WallTime sent) {
    const std::string what = "the JWT in `" + name + "`";
    const Secret text = value.as_text();
    const std::string_view whole = text.reveal();
    const std::size_t first = whole.find('.');
    const std::size_t second = first == std::string_view::npos ? first : whole.find('.', first + 1);
    if (second == std::string_view::npos) return bad(what + " has not the three parts of one");
    const auto claims = base64url_decode(whole.substr(first + 1, second - first - 1));
    if (!claims) return bad(what + " can't be decoded");
    const auto document = JsonDocument::parse(*claims);
    if (!document) return bad(what + " can't be decoded");
    const auto* object = document->root().if_object();
    const auto* exp = object != nullptr ? object->if_contains("exp") : nullptr;
    auto scalar = exp != nullptr ? scalar_of(*exp) : std::nullopt;
    const auto seconds = scalar ? number_of(Value(std::move(*scalar))) : std::nullopt;
    if (!seconds) return bad(what + " has no claim `exp`");
    return expiry_at("`exp` of " + what, *seconds, ExpirySource::stated, sent);
}

Result<Expiry> expiry_of(const Recipe& recipe, const Values& values, WallTime sent) {
    const Expires& expires = recipe.token.expires;
    if (expires.kind == Expires::Kind::never) return Expiry();
    if (expires.kind == Expires::Kind::after) return after(recipe, values);
    const std::string name(expires.value.whole());
    const Value* value = values.find(name);
    if (value == nullptr)
        return bad("`" + name + "`, which says when the token expires, was not taken");
    if (expires.kind == Expires::Kind::at) return at(name, *value, sent);
    if (expires.kind == Expires::Kind::jwt) return jwt(name, *value, sent);
    const auto assumed = assumed_lifetime(*value);
    const auto seconds = assumed ? assumed : number_of(*value);
    if (!seconds) return bad("`" + name + "` is not a number of seconds");
    return expiry_in("`" + name + "`", *seconds,
                     value->assumed() ? ExpirySource::assumed : ExpirySource::stated);
}

bool fits_a_header(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

bool gives_token(const Recipe& recipe, const Step& step) {
    return std::ranges::any_of(step.take, [&](const Take& take) {
        return mentions(recipe.token.value, take.name) ||
               mentions(recipe.token.expires.value, take.name);
    });
}

bool says_expiry(Expires::Kind kind, std::string_view text) {
    const Value value(Scalar(Secret(text)), false, true);
    if (const auto lifetime = assumed_lifetime(value)) return *lifetime >= 1;
    const auto seconds = number_of(value);
    if (kind == Expires::Kind::in) return seconds && *seconds >= 1 && *seconds <= longest_life;
    return seconds || parse_rfc3339(text);
}

Result<Token> token_of(const Recipe& recipe, const Values& values, WallTime sent) {
    auto value = expand(recipe.token.value, values);
    if (!value || value->empty()) return bad("no step gave a token");
    if (value->size() > longest_token) return bad("the token is longer than 64 KiB");
    if (!fits_a_header(value->reveal()))
        return bad("the token holds characters that no header can hold");
    auto expiry = expiry_of(recipe, values, sent);
    if (!expiry) return expiry.error();
    Values with_token = values;
    with_token.set("token", Value(Scalar(*value), true));
    auto header = expand(recipe.token.header_value, with_token);
    if (!header) return bad("the token's header needs a value that is not there");
    const auto stray = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::ranges::any_of(header->reveal(), stray))
        return bad("the token's header holds control characters");
    return Token{std::move(*value), recipe.token.header_name, std::move(*header), *expiry};
}

Secret write_kept(const Recipe& recipe, const Values& values) {
    SecretText text;
    text.append('{');
    bool first = true;
    for (const std::string& name : recipe.keep) {
        const Value* value = values.find(name);
        if (value == nullptr) continue;
        if (!first) text.append(',');
        first = false;
        text.append_json_string(name);
        text.append(':');
        if (const auto* held = std::get_if<Secret>(&value->scalar())) {
            text.append_json_string(held->reveal());
        } else {
            text.append(value->as_text().reveal());
        }
    }
    if (first) return {};
    text.append('}');
    return text.take();
}

Result<Values> read_kept(const Recipe& recipe, const Secret& text) {
    Values kept;
    if (text.empty()) return kept;
    const auto document = JsonDocument::parse(text.reveal());
    const auto* object = document ? document->root().if_object() : nullptr;
    if (object == nullptr)
        return Error(Errc::corrupt, "the values that were kept with the token can't be read");
    for (const auto& [key, value] : *object) {
        const std::string name(key.data(), key.size());
        auto scalar = scalar_of(value);
        if (scalar && std::ranges::find(recipe.keep, name) != recipe.keep.end()) {
            kept.set(name, Value(std::move(*scalar), true));
        }
    }
    return kept;
}

Values later_values(const Values& inputs, const Values& kept, const Secret& token) {
    Values values = inputs;
    values.merge(kept);
    values.set("token", Value(Scalar(token), true));
    return values;
}

}  // namespace tokenbroker::recipe
