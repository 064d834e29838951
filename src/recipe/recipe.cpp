#include "recipe/recipe.hpp"

#include <algorithm>

namespace tokenbroker::recipe {

std::string_view input_type_name(InputType type) noexcept {
    switch (type) {
        case InputType::text:
            return "text";
        case InputType::integer:
            return "integer";
        case InputType::boolean:
            return "boolean";
        case InputType::duration:
            return "duration";
        case InputType::path:
            return "path";
        case InputType::choice:
            return "choice";
    }
    return "text";
}

bool holds(const When& when, const Values& values) {
    return std::ranges::all_of(when, [&](const Condition& condition) {
        const Value* value = values.find(condition.input);
        if (condition.values.empty()) return (value != nullptr) == condition.given;
        return value != nullptr && std::ranges::find(condition.values, value->as_text().reveal()) !=
                                       condition.values.end();
    });
}

std::string Recipe::base_path(std::string_view path) const {
    while (path.ends_with('/'))
        path.remove_suffix(1);
    for (const std::string& ending : strip) {
        if (!path.ends_with(ending)) continue;
        path.remove_suffix(ending.size());
        break;
    }
    while (path.ends_with('/'))
        path.remove_suffix(1);
    return std::string(path);
}

const Input* Recipe::find_input(std::string_view wanted) const noexcept {
    const auto found = std::ranges::find(inputs, wanted, &Input::name);
    return found == inputs.end() ? nullptr : &*found;
}

}  // namespace tokenbroker::recipe
