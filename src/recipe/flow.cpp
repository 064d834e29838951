#include "recipe/flow.hpp"

#include "base/mask.hpp"
#include "document/nearest.hpp"
#include "recipe/keys.hpp"
#include "recipe/uses.hpp"

#include <algorithm>

namespace tokenbroker::recipe {
namespace {

// Whether an input is there whenever this step runs.
bool always_there(const Input& input, const Step& step) {
    if (input.required || input.otherwise) return true;
    const auto given = [&](const Condition& condition) {
        return condition.input == input.name && (!condition.values.empty() || condition.given);
    };
    if (std::ranges::any_of(step.when, given)) return true;
    return !input.required_when.empty() &&
           std::ranges::all_of(input.required_when, [&](const Condition& needed) {
               return std::ranges::find(step.when, needed) != step.when.end();
           });
}

std::string choices_help(const Input& input, const std::string& value) {
    const std::vector<std::string_view> choices(input.choices.begin(), input.choices.end());
    return document::suggest(value, choices);
}

}  // namespace

void Flow::add(const std::vector<Input>& inputs) {
    for (const Input& input : inputs)
        known_[input.name] = {&input, input.secret};
}

void Flow::run(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
        for (const Take& take : step.take)
            later_.insert(take.name);
    }
    for (const Step& step : steps)
        run(step);
}

void Flow::run(const Step& step) {
    check_when(step.when, step.place);
    each_template(step.request, [&](const Template& text) { use(text); });
    check_method(step);
    check_slash(step);
    check_path(step);
    if (step.select) {
        for (const auto& [pointer, wanted] : step.select->where)
            use(wanted);
    }
    for (const Take& take : step.take) {
        if (take.otherwise) use(*take.otherwise);
    }
    for (const Take& take : step.take)
        known_[take.name] = {nullptr, take.secret};
}

void Flow::use(const Template& text) {
    for (const std::string& name : text.names()) {
        used_.insert(name);
        if (!known_.contains(name)) unknown(name, text.place());
    }
}

void Flow::check_when(const When& when, const Place& place) {
    for (const Condition& condition : when) {
        used_.insert(condition.input);
        const auto found = known_.find(condition.input);
        if (found == known_.end() || found->second.input == nullptr) {
            mistakes_.add(place,
                          "a condition looks at an input, and \"" + condition.input + "\" is none");
            continue;
        }
        for (const std::string& value : condition.values)
            check_possible(*found->second.input, value, place);
    }
}

void Flow::unknown(const std::string& name, const Place& place) {
    if (later_.contains(name)) {
        mistakes_.add(place, "${" + name + "} is used before a step has taken it");
        return;
    }
    std::vector<std::string_view> names;
    for (const auto& [known, what] : known_)
        names.emplace_back(known);
    mistakes_.add(place, "unknown placeholder ${" + name + "}" + where_ + "; " +
                             document::suggest(name, names));
}

void Flow::check_possible(const Input& input, const std::string& value, const Place& place) {
    if (input.secret || input.type == InputType::duration || input.type == InputType::path) {
        mistakes_.add(
            place,
            "a condition can't look at the value of \"" + input.name +
                "\" (a secret, a duration or a path), only whether it is given: { given: true }");
    } else if (input.type == InputType::boolean && value != "true" && value != "false") {
        mistakes_.add(place, "\"" + input.name + "\" is true or false, never \"" +
                                 printable(value, 64) + "\"");
    } else if (input.type == InputType::choice &&
               std::ranges::find(input.choices, value) == input.choices.end()) {
        mistakes_.add(place, "\"" + input.name + "\" is never \"" + printable(value, 64) + "\"; " +
                                 choices_help(input, value));
    }
}

const Input* Flow::input_of(const Template& text) const {
    const auto found = known_.find(text.whole());
    return found == known_.end() ? nullptr : found->second.input;
}

void Flow::check_method(const Step& step) {
    const Template& method = step.request.method;
    if (method.whole().empty()) return;
    const Input* input = input_of(method);
    const auto is_method = [](const std::string& choice) {
        return std::ranges::find(keys::methods, choice) != keys::methods.end();
    };
    const bool body = step.request.json || step.request.form;
    if (input == nullptr || input->type != InputType::choice ||
        !std::ranges::all_of(input->choices, is_method)) {
        mistakes_.add(
            method.place(),
            "the method is one of GET, POST, PUT, PATCH, DELETE, or an input whose choices are");
    } else if (body && std::ranges::find(input->choices, "GET") != input->choices.end()) {
        mistakes_.add(method.place(), "the method may be GET, and a GET request has no body");
    }
}

void Flow::check_slash(const Step& step) {
    const Template& slash = step.request.trailing_slash;
    if (slash.whole().empty()) return;
    const Input* input = input_of(slash);
    const auto known = [](const std::string& choice) {
        return choice == "true" || choice == "false" || choice == "never";
    };
    const bool fits =
        input != nullptr &&
        (input->type == InputType::boolean ||
         (input->type == InputType::choice && std::ranges::all_of(input->choices, known)));
    if (!fits) {
        mistakes_.add(slash.place(),
                      "`trailing_slash` is true, false, or an input of type boolean or with the "
                      "choices true, false and never");
    }
}

void Flow::check_path(const Step& step) {
    const Template& path = step.request.path;
    for (const std::string& name : path.names()) {
        const auto found = known_.find(name);
        if (found == known_.end()) continue;
        const Input* input = found->second.input;
        if (found->second.secret) {
            const std::string hint =
                input == nullptr ? " (what a step takes is secret unless it says `secret: false`)"
                                 : "";
            std::string message = "${";
            message.append(name).append("} is secret, and a path is written to logs on its way");
            message.append(hint);
            mistakes_.add(path.place(), std::move(message));
        }
        if (input != nullptr && !always_there(*input, step)) {
            mistakes_.add(path.place(), "${" + name +
                                            "} may be absent, and the path needs it: make it "
                                            "required, or give it a default");
        }
    }
}

}  // namespace tokenbroker::recipe
