// Answers of an upstream, against every step of every built-in recipe: whatever they hold, they are
// read or refused with a cause, and a token that comes out of them fits into a header and has a
// sane expiry.
//
// The first line of an input is the status, the rest the body.

#include "fuzz.hpp"
#include "recipe/answer.hpp"
#include "recipe/inputs.hpp"
#include "recipe/library.hpp"
#include "recipe/token.hpp"

#include <algorithm>
#include <string_view>

namespace {

using namespace tokenbroker;
using fuzz::require;

constexpr WallTime now = WallTime(std::chrono::seconds(1'800'000'000));

int status_in(std::string_view line) {
    int status = 0;
    for (const char c : line.substr(0, 3)) {
        if (c >= '0' && c <= '9') status = status * 10 + (c - '0');
    }
    return status;
}

void check(const recipe::Recipe& recipe, const recipe::Reading& reading, recipe::Values values) {
    require((reading.verdict == core::Verdict::ok) == reading.cause.empty());
    require(reading.verdict == core::Verdict::ok || reading.taken.all().empty());
    values.merge(reading.taken);
    const auto token = recipe::token_of(recipe, values, now);
    if (!token) return;
    require(
        std::ranges::all_of(token->value.reveal(), [](char c) { return c > 0x20 && c < 0x7f; }));
    require(!token->expiry.at || *token->expiry.at > now);
    require(!token->expiry.lifetime || *token->expiry.lifetime > Milliseconds::zero());
    const Secret kept = recipe::write_kept(recipe, values);
    require(recipe::read_kept(recipe, kept).has_value());
}

void read_with(const recipe::Recipe& recipe, const std::vector<recipe::Step>& steps,
               const recipe::Answer& answer) {
    const recipe::Values values = recipe::with_defaults(recipe.inputs, {});
    for (const recipe::Step& step : steps) {
        check(recipe, recipe::read_answer(step, answer, values, recipe.answers, now), values);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const recipe::Library library = recipe::Library::with_built_ins();
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t end = std::min(text.find('\n'), text.size());
    recipe::Answer answer;
    answer.status = status_in(text.substr(0, end));
    answer.body = text.substr(std::min(end + 1, text.size()));
    answer.retry_after = std::string(answer.body.substr(0, 40));
    answer.location = answer.retry_after;
    for (const recipe::RecipeHandle& recipe : library.all()) {
        read_with(*recipe, recipe->acquire, answer);
        read_with(*recipe, recipe->refresh, answer);
        read_with(*recipe, recipe->provision, answer);
    }
    return 0;
}
