#include "config/read_inputs.hpp"

#include "base/mask.hpp"
#include "config/read_secret.hpp"
#include "document/nearest.hpp"
#include "document/read.hpp"
#include "recipe/inputs.hpp"
#include "recipe/shape.hpp"

#include <string_view>
#include <utility>

namespace tokenbroker::config {
namespace {

using document::Value;

void unknown_input(const document::Entry& entry, const recipe::Recipe& recipe, Context& context) {
    std::vector<std::string_view> names;
    names.reserve(recipe.inputs.size());
    for (const recipe::Input& input : recipe.inputs)
        names.emplace_back(input.name);
    context.mistakes.add(entry.key_spot.place(), "unknown input \"" + printable(entry.key, 64) +
                                                     "\" of recipe " + recipe.name + "; " +
                                                     document::suggest(entry.key, names));
}

}  // namespace

void read_inputs(const std::vector<const Value*>& maps, const Place& inputs_place,
                 AccountSettings& account, Context& context) {
    const recipe::Recipe& recipe = *account.recipe;
    const std::size_t mistakes_before = context.mistakes.size();
    recipe::Values given;
    recipe::Values
        present;  // what is there at all, right or wrong, secrets standing in as empty texts
    for (const Value* map : maps) {
        if (document::expect_map(*map, "inputs (a map)", context.mistakes) == nullptr) continue;
        for (const document::Entry& entry : map->entries()) {
            const recipe::Input* input = recipe.find_input(entry.key);
            if (input == nullptr) {
                unknown_input(entry, recipe, context);
            } else if (input->secret) {
                present.set(entry.key, recipe::secret_input(Secret()));
                auto source = read_secret_source(entry.value, context);
                if (source) account.secrets.insert_or_assign(entry.key, std::move(*source));
            } else {
                present.set(entry.key, recipe::Value::text(""));
                auto value = recipe::read_input(*input, entry.value, context.mistakes);
                if (value) given.set(entry.key, std::move(*value));
            }
        }
    }
    account.inputs = recipe::with_defaults(recipe.inputs, std::move(given));
    present.merge(account.inputs);
    for (const std::string& name : recipe::missing_inputs(recipe.inputs, present)) {
        context.mistakes.add(inputs_place, "account " + account.name.text() + " has no input \"" +
                                               name + "\"; recipe " + recipe.name + " needs it");
    }
    if (context.mistakes.size() > mistakes_before) return;
    // A value that would leave its place in a request is found now, and not after a login.
    if (const auto why = recipe::why_no_request(recipe, present); !why.empty()) {
        context.mistakes.add(inputs_place, "account " + account.name.text() + ": " + why);
    }
}

}  // namespace tokenbroker::config
