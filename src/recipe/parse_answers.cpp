#include "document/read.hpp"
#include "recipe/keys.hpp"
#include "recipe/parts.hpp"

#include <charconv>

namespace tokenbroker::recipe {
namespace {

using document::MapReader;
using document::Mistakes;

constexpr std::string_view allowed_status =
    "a status, a range or a list of them: 401, 500-599, [400, 422]";

std::optional<int> parse_status(std::string_view text) {
    int status = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
    if (error != std::errc() || end != text.data() + text.size() || text.size() != 3)
        return std::nullopt;
    if (status < 200 || status > 599) return std::nullopt;
    return status;
}

std::optional<std::pair<int, int>> parse_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto least = parse_status(text.substr(0, dash));
    const auto most = dash == std::string_view::npos ? least : parse_status(text.substr(dash + 1));
    if (!least || !most || *most < *least) return std::nullopt;
    return std::pair(*least, *most);
}

std::optional<AnswerRule> read_rule(const document::Value& value, Mistakes& mistakes) {
    const MapReader map(value, "an answer", keys::answer, mistakes);
    if (!map.usable()) return std::nullopt;
    AnswerRule rule{};
    if (const document::Value* status = map.find("status")) {
        for (const std::string& text : read_texts(*status, mistakes)) {
            if (const auto range = parse_range(text)) {
                rule.statuses.push_back(*range);
            } else {
                mistakes.add(status->place(),
                             "expected " + std::string(allowed_status) + "; 200 to 599");
            }
        }
    }
    if (const document::Value* step = map.find("step")) rule.steps = read_texts(*step, mistakes);
    if (const document::Value* json = map.find("json")) {
        if (document::expect_map(*json, "a map of JSON pointers and the values that must be there",
                                 mistakes) != nullptr) {
            for (const document::Entry& entry : json->entries()) {
                auto pointer = read_pointer(entry, mistakes);
                Member member;
                const bool read =
                    read_texts_or_given(entry.value, member.values, member.given, mistakes);
                if (!pointer || !read) continue;
                member.at = std::move(*pointer);
                rule.json.push_back(std::move(member));
            }
        }
    }
    if (!map.has("status") && !map.has("json")) {
        mistakes.add(value.place(), "an answer is told by its `status`, its `json` or both");
    }
    map.take("hint", rule.hint, document::read_word);
    const document::Value* means = map.require("means");
    const auto index =
        means != nullptr ? document::read_choice(*means, mistakes, keys::meanings) : std::nullopt;
    if (!index) return std::nullopt;
    rule.means = *core::verdict_from_name(keys::meanings.at(*index));
    return rule;
}

}  // namespace

Answers read_answers(const document::Value& value, Mistakes& mistakes) {
    Answers answers;
    if (document::expect_list(value, "a list of answers", mistakes) == nullptr) return answers;
    for (const document::Value& item : value.items()) {
        if (auto rule = read_rule(item, mistakes)) answers.push_back(std::move(*rule));
    }
    return answers;
}

}  // namespace tokenbroker::recipe
