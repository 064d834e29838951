#include "recipe/answer.hpp"

#include "base/mask.hpp"
#include "recipe/json.hpp"
#include "recipe/json_writer.hpp"
#include "recipe/select.hpp"
#include "recipe/upstream_text.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>

namespace tokenbroker::recipe {
namespace {

namespace json = boost::json;
using core::Verdict;

// The body, parsed once: where it is JSON.
struct Body {
    std::optional<JsonDocument> document;
    std::string why_not;  // what is wrong with it

    [[nodiscard]] const json::value* root() const { return document ? &document->root() : nullptr; }
    [[nodiscard]] bool is_object() const { return document && document->root().is_object(); }
};

Body parse_body(std::string_view text) {
    Body body;
    if (text.empty()) {
        body.why_not = "empty";
    } else if (text.size() > largest_answer) {
        body.why_not = "larger than " + std::to_string(largest_answer / 1024) + " KiB";
    } else if (auto parsed = JsonDocument::parse(text)) {
        body.document = std::move(*parsed);
    } else {
        body.why_not = parsed.error().message();
    }
    return body;
}

bool is_success(int status) {
    return status >= 200 && status <= 299;
}
bool is_redirect(int status) {
    return status >= 300 && status <= 399;
}

bool fits(const Member& member, const json::value* root) {
    const json::value* at = root != nullptr ? find(*root, member.at) : nullptr;
    if (member.values.empty()) return (at != nullptr && !at->is_null()) == member.given;
    const auto text = at != nullptr ? text_of(*at) : std::nullopt;
    return text && std::ranges::find(member.values, text->reveal()) != member.values.end();
}

bool fits(const AnswerRule& rule, const Step& step, int status, const json::value* root) {
    const auto in_range = [&](const std::pair<int, int>& range) {
        return status >= range.first && status <= range.second;
    };
    if (!rule.statuses.empty() && std::ranges::none_of(rule.statuses, in_range)) return false;
    if (!rule.steps.empty() && std::ranges::find(rule.steps, step.name) == rule.steps.end())
        return false;
    return std::ranges::all_of(rule.json, [&](const Member& member) { return fits(member, root); });
}

// The upstream asks for a wait, perhaps with the time of its end.
bool asks_to_wait(const Answer& answer) {
    return answer.status == 429 || (answer.status == 503 && answer.retry_after);
}

// What the status alone says; `ok` stands until something that is to be taken turns out to be
// missing.
Verdict default_verdict(const Step& step, const Answer& answer, bool object) {
    const int status = answer.status;
    if (is_success(status)) return Verdict::ok;
    if (asks_to_wait(answer)) return Verdict::throttled;
    if (status == 408 || (status >= 500 && status <= 599)) return Verdict::unavailable;
    if (!step.login) return Verdict::unexpected;
    if (status == 401) return Verdict::refused;
    const bool api_spoke = object && (status == 400 || status == 403 || status == 422);
    return api_spoke ? Verdict::refused : Verdict::unexpected;
}

std::string status_cause(const Answer& answer) {
    std::string cause = "HTTP " + std::to_string(answer.status);
    if (!is_redirect(answer.status)) return cause;
    cause += ", a redirect";
    if (answer.location) {
        // Its query may hold anything.
        const std::string_view where =
            std::string_view(*answer.location).substr(0, answer.location->find_first_of("?#"));
        cause += " to " + printable(where, 200);
    }
    return cause +
           ": redirects are not followed with credentials; check base_url and trailing slashes";
}

// What of the body a rule went by: words of the recipe.
std::string what_fits(const AnswerRule& rule, const json::value* root) {
    std::string text;
    for (const Member& member : rule.json) {
        const json::value* at = root != nullptr ? find(*root, member.at) : nullptr;
        const auto value = at != nullptr ? text_of(*at) : std::nullopt;
        if (value && !member.values.empty())
            text += ", \"" + member.at.text() + "\" is " + std::string(value->reveal());
    }
    return text;
}

bool has_control_character(const Scalar& scalar) {
    const auto* text = std::get_if<Secret>(&scalar);
    return text != nullptr && std::ranges::any_of(text->reveal(), [](char letter) {
               return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
           });
}

// Takes one value from `root`; why not, or empty.
std::string take_one(const Take& take, const json::value& root, const Values& values,
                     Values& taken) {
    const json::value* at = find(root, take.at);
    const bool missing =
        at == nullptr || at->is_null() || (at->is_string() && at->get_string().empty());
    if (!missing) {
        auto scalar = scalar_of(*at);
        if (!scalar) {
            return "\"" + take.at.text() + "\" is " + std::string(describe_kind(*at)) + ", and `" +
                   take.name + "` has to be text, a finite number, true or false";
        }
        if (has_control_character(*scalar)) {
            return "\"" + take.at.text() + "\" holds a control character, and `" + take.name +
                   "` is to go into requests and answers";
        }
        taken.set(take.name, Value(std::move(*scalar), take.secret));
        return {};
    }
    if (take.may_be_absent) return {};
    if (!take.otherwise)
        return "the answer has no \"" + take.at.text() + "\", which `" + take.name +
               "` is taken from";
    Values both = values;
    both.merge(taken);
    if (const Value* value = both.find(take.otherwise->whole())) {
        taken.set(take.name, Value(value->scalar(), take.secret || value->secret(), true));
    } else if (auto text = expand(*take.otherwise, both)) {
        taken.set(take.name, Value(Scalar(std::move(*text)), take.secret, true));
    } else {
        return "the answer has no \"" + take.at.text() +
               "\", and its default needs a value that is not there";
    }
    return {};
}

std::string take_all(const Step& step, const Body& body, const Values& values, Values& taken) {
    if (step.take.empty() && !step.select) return {};
    if (!body.document) return "the body is " + body.why_not + ", where a JSON object is needed";
    const json::value* root = body.root();
    if (step.select) {
        auto chosen = select_element(*step.select, *root, values);
        if (!chosen) return chosen.error().message();
        root = *chosen;
    }
    if (!root->is_object())
        return "the body is " + std::string(describe_kind(*root)) +
               ", where a JSON object is needed";
    for (const Take& take : step.take) {
        if (auto why_not = take_one(take, *root, values, taken); !why_not.empty()) return why_not;
    }
    return {};
}

}  // namespace

Reading read_answer(const Step& step, const Answer& answer, const Values& values,
                    const Answers& answers, WallTime now) {
    const Body body = parse_body(answer.body);
    Reading reading;
    if (answer.retry_after) reading.retry_after = parse_retry_after(*answer.retry_after, now);
    const auto rule = std::ranges::find_if(answers, [&](const AnswerRule& candidate) {
        return fits(candidate, step, answer.status, body.root());
    });
    reading.upstream_text = upstream_text(body.root(), answer);
    reading.verdict =
        rule != answers.end() ? rule->means : default_verdict(step, answer, body.is_object());
    // A word in the body for a fault or for nothing known does not shorten the wait.
    const bool fault =
        reading.verdict == Verdict::unavailable || reading.verdict == Verdict::unexpected;
    if (fault && asks_to_wait(answer)) reading.verdict = Verdict::throttled;
    if (reading.verdict == Verdict::ok) {
        reading.cause = take_all(step, body, values, reading.taken);
        if (reading.cause.empty()) {
            reading.upstream_text.clear();
            return reading;
        }
        reading.cause = "HTTP " + std::to_string(answer.status) + ", but " + reading.cause;
        reading.verdict = Verdict::unexpected;
        reading.taken = Values();
    } else {
        reading.cause = status_cause(answer);
        // Where the upstream has no words that we know, what the rule went by has to do.
        if (rule != answers.end() && reading.upstream_text.empty())
            reading.cause += what_fits(*rule, body.root());
        if (rule != answers.end() && !rule->hint.empty()) reading.cause += ", " + rule->hint;
    }
    return reading;
}

std::optional<Milliseconds> parse_retry_after(std::string_view text, WallTime now) {
    while (text.starts_with(' ') || text.starts_with('\t'))
        text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t'))
        text.remove_suffix(1);
    const bool digits =
        !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (digits) {
        std::int64_t seconds = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        constexpr auto longest = std::chrono::duration_cast<std::chrono::seconds>(forever).count();
        if (error != std::errc() || seconds > longest) return forever;
        if (seconds == 0) return std::nullopt;
        return std::chrono::seconds(seconds);
    }
    const auto date = parse_http_date(text);
    if (!date || *date <= now) return std::nullopt;
    return *date - now;
}

}  // namespace tokenbroker::recipe
