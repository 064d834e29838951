// Recipes as text: whatever it is, it parses or is refused with mistakes that have a place; what
// parses can be filled in, and no filled request breaks out of its place.

#include "fuzz.hpp"
#include "recipe/fill.hpp"
#include "recipe/inputs.hpp"
#include "recipe/parse.hpp"
#include "recipe/token.hpp"

#include <algorithm>
#include <string_view>

namespace {

using namespace tokenbroker;
using fuzz::require;

// A value of every input and every taken name that tries to get out of its place.
recipe::Values hostile_values(const recipe::Recipe& recipe) {
    constexpr std::string_view hostile = "../\"}\r\nX-Evil: 1&a=b#?\\%00";
    recipe::Values values = recipe::with_defaults(recipe.inputs, {});
    values = recipe::with_defaults(recipe.provision_inputs, std::move(values));
    for (const auto* inputs : {&recipe.inputs, &recipe.provision_inputs}) {
        for (const recipe::Input& input : *inputs) {
            if (!values.has(input.name))
                values.set(input.name, recipe::secret_input(Secret(hostile)));
        }
    }
    for (const auto* steps : {&recipe.acquire, &recipe.refresh, &recipe.provision}) {
        for (const recipe::Step& step : *steps) {
            for (const recipe::Take& take : step.take)
                values.set(take.name, recipe::secret_input(Secret(hostile)));
        }
    }
    if (!values.has("token")) values.set("token", recipe::secret_input(Secret(hostile)));
    return values;
}

void check(const recipe::FilledRequest& request) {
    const std::string_view target = request.target.reveal();
    require(target.starts_with('/'));
    require(std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; }));
    require(request.path.find("/../") == std::string::npos && !request.path.ends_with("/.."));
    for (const recipe::FilledHeader& header : request.headers) {
        require(header.value.reveal().find_first_of("\r\n") == std::string_view::npos);
        require(header.name.find_first_of("\r\n: ") == std::string::npos);
    }
}

void fill_all(const std::vector<recipe::Step>& steps, const recipe::Values& values) {
    for (const recipe::Step& step : steps) {
        if (const auto request = recipe::fill(step, values, "/base")) check(*request);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    document::Mistakes mistakes;
    const std::string_view text = fuzz::text_of(data, size);
    const auto parsed = recipe::parse_recipe(text, "fuzz.yaml", mistakes);
    require(parsed.has_value() == mistakes.empty());
    for (const Mistake& mistake : mistakes.sorted())
        require(!mistake.message.empty() && mistake.place.file == "fuzz.yaml");
    if (!parsed) return 0;
    const recipe::Values values = hostile_values(*parsed);
    fill_all(parsed->acquire, values);
    fill_all(parsed->refresh, values);
    fill_all(parsed->revoke, values);
    if (parsed->probe) fill_all({*parsed->probe}, values);
    fill_all(parsed->provision, values);
    fill_all(parsed->provision_end, values);
    static_cast<void>(recipe::token_of(*parsed, values, WallTime(std::chrono::hours(500'000))));
    return 0;
}
