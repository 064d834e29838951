#pragma once

#include "base/time.hpp"
#include "core/verdict.hpp"
#include "recipe/recipe.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::recipe {

inline constexpr std::size_t largest_answer = std::size_t{1024} * 1024;  // bytes

// What of an HTTP answer counts.
struct Answer {
    int status = 0;
    std::optional<std::string> retry_after;
    // Of a redirect: named in the cause, never followed. Masked already: it is cut short here.
    std::optional<std::string> location;
    std::string_view body;
};

// What an answer means, and what was taken from it.
struct Reading {
    core::Verdict verdict = core::Verdict::unexpected;
    Values taken;  // where the verdict is ok
    // Of the Retry-After header, from `now`; none where it is absent, unreadable or not in the
    // future. Not capped.
    std::optional<Milliseconds> retry_after;
    // Why it is not ok, in our words: "the answer has no \"/key\" (take: token)". To be masked, as
    // it may list what an answer offers; then to be cut.
    std::string cause;
    // The upstream's own words, whole. They may repeat what was sent: to be masked, then cut.
    std::string upstream_text;
};

// Reads the answer to `step`: the recipe's `answers` first, the defaults after them, then `take`.
Reading read_answer(const Step& step, const Answer& answer, const Values& values,
                    const Answers& answers, WallTime now);

// Seconds or an HTTP date, from `now`.
std::optional<Milliseconds> parse_retry_after(std::string_view text, WallTime now);

}  // namespace tokenbroker::recipe
