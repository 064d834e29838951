#include "base/mask.hpp"
#include "document/nearest.hpp"
#include "recipe/flow.hpp"
#include "recipe/parts.hpp"
#include "recipe/token.hpp"

#include <algorithm>

// What a recipe's parts say of each other. Values flow one way, from inputs through the steps in
// their order to the token, and a placeholder sees only what is there before it: so there can be no
// cycle.
namespace tokenbroker::recipe {
namespace {

using document::Mistakes;

void check_step_names(const Recipe& recipe, Mistakes& mistakes) {
    std::map<std::string, Place> seen;
    const auto see = [&](const Step& step) {
        const auto [place, fresh] = seen.emplace(step.name, step.place);
        if (!fresh) {
            mistakes.add(step.place, "a second step \"" + printable(step.name, 64) +
                                         "\"; the first is at " + place->second.text());
        }
    };
    std::ranges::for_each(recipe.acquire, see);
    std::ranges::for_each(recipe.refresh, see);
    if (recipe.probe) see(*recipe.probe);
    std::ranges::for_each(recipe.revoke, see);
    std::ranges::for_each(recipe.provision, see);
    std::ranges::for_each(recipe.provision_end, see);
}

std::vector<std::string_view> step_names(const Recipe& recipe) {
    std::vector<std::string_view> names;
    const auto add = [&](const Step& step) { names.push_back(step.name); };
    std::ranges::for_each(recipe.acquire, add);
    std::ranges::for_each(recipe.refresh, add);
    if (recipe.probe) add(*recipe.probe);
    std::ranges::for_each(recipe.revoke, add);
    std::ranges::for_each(recipe.provision, add);
    std::ranges::for_each(recipe.provision_end, add);
    return names;
}

std::set<std::string> taken_by(const std::vector<Step>& steps) {
    std::set<std::string> names;
    for (const Step& step : steps) {
        for (const Take& take : step.take)
            names.insert(take.name);
    }
    return names;
}

Place place_of(const document::Value& document, std::string_view key) {
    const document::Value* value = document.find(key);
    return value != nullptr ? value->place() : document.place();
}

void use_token(const Recipe& recipe, Flow& flow) {
    flow.use(recipe.token.value);
    flow.use(recipe.token.expires.value);
    flow.add("token", true);
    flow.use(recipe.token.header_value);
}

// A refresh has to give a new token: `token` alone is the old one there.
void check_refreshed(const Recipe& recipe, const Template& text, Mistakes& mistakes) {
    const std::set<std::string> taken = taken_by(recipe.refresh);
    for (const std::string& name : text.names()) {
        const bool there = taken.contains(name) || recipe.find_input(name) != nullptr ||
                           std::ranges::find(recipe.keep, name) != recipe.keep.end();
        if (!there) mistakes.add(text.place(), "no step of `refresh` takes \"" + name + "\"");
    }
}

// The values of probe, revoke and refresh: the inputs, what was kept, and the token that is served.
Flow later_flow(const Recipe& recipe, Mistakes& mistakes, std::set<std::string>& used) {
    Flow flow(mistakes, used,
              " (after a login there are the inputs, what `keep` names, and token)");
    flow.add(recipe.inputs);
    for (const std::string& name : recipe.keep)
        flow.add(name, true);
    flow.add("token", true);
    return flow;
}

// A default of what says when the token expires is used after a good login: it has to be right
// before.
void check_expiry_default(const Expires& expires, const std::vector<Step>& steps,
                          Mistakes& mistakes) {
    if (expires.kind != Expires::Kind::at && expires.kind != Expires::Kind::in) return;
    const bool at = expires.kind == Expires::Kind::at;
    for (const Step& step : steps) {
        for (const Take& take : step.take) {
            if (take.name != expires.value.whole() || !take.otherwise) continue;
            if (!take.otherwise->literal() || says_expiry(expires.kind, take.otherwise->text()))
                continue;
            mistakes.add(take.otherwise->place(),
                         "`" + take.name + "` says when the token expires: its default is a " +
                             "duration (15m) or a number of seconds" +
                             (at ? " since 1970, or a time (RFC 3339)" : ""));
        }
    }
}

void check_token(const Recipe& recipe, const document::Value& document, Mistakes& mistakes) {
    const std::set<std::string> taken = taken_by(recipe.acquire);
    if (taken.contains("token") && recipe.token.value.whole() != "token") {
        mistakes.add(
            place_of(document, "token"),
            "a step takes \"token\", but the token's value is something else: name that otherwise");
    }
    const Expires& expires = recipe.token.expires;
    check_expiry_default(expires, recipe.acquire, mistakes);
    check_expiry_default(expires, recipe.refresh, mistakes);
    const Input* input = recipe.find_input(expires.value.whole());
    if (input == nullptr || taken.contains(input->name)) return;
    const bool lifetime = input->type == InputType::duration || input->type == InputType::integer;
    if (expires.kind == Expires::Kind::after && !lifetime) {
        mistakes.add(expires.value.place(), "`after` is a duration, or a number of seconds");
    }
    if (expires.kind == Expires::Kind::after && !input->required && !input->otherwise) {
        mistakes.add(
            expires.value.place(),
            "\"" + input->name + "\" may be absent: make it required, or give it a default");
    }
    if (expires.kind != Expires::Kind::after) {
        mistakes.add(
            expires.value.place(),
            "an input can't say when a token expires, but `after`: name what a step takes");
    }
}

void check_keep(const Recipe& recipe, const document::Value& document, Mistakes& mistakes) {
    const std::set<std::string> taken = taken_by(recipe.acquire);
    for (const std::string& name : recipe.keep) {
        if (!taken.contains(name)) {
            mistakes.add(place_of(document, "keep"),
                         "`keep` names what a step of `acquire` takes, and \"" +
                             printable(name, 64) + "\" is none");
        }
    }
}

void check_answers(const Recipe& recipe, const document::Value& document, Mistakes& mistakes) {
    const std::vector<std::string_view> names = step_names(recipe);
    for (const AnswerRule& rule : recipe.answers) {
        for (const std::string& step : rule.steps) {
            if (std::ranges::find(names, step) != names.end()) continue;
            mistakes.add(place_of(document, "answers"), "no step is called \"" +
                                                            printable(step, 64) + "\"; " +
                                                            document::suggest(step, names));
        }
    }
}

// Inputs that nothing looks at, and rules of inputs that name others.
void check_inputs(const std::vector<Input>& inputs, const std::set<std::string>& used, Flow& flow,
                  Mistakes& mistakes) {
    for (const Input& input : inputs) {
        flow.check_when(input.required_when, input.place);
        if (!input.password) continue;
        for (const std::string& other : input.password->unlike) {
            if (std::ranges::find(inputs, other, &Input::name) == inputs.end()) {
                mistakes.add(input.place,
                             "`unlike` names inputs, and \"" + printable(other, 64) + "\" is none");
            }
        }
    }
    for (const Input& input : inputs) {
        if (!used.contains(input.name)) {
            mistakes.add(input.place, "the input \"" + input.name + "\" is not used");
        }
    }
}

void check_provision(const Recipe& recipe, const document::Value& document, Mistakes& mistakes) {
    if (recipe.provision.empty()) {
        if (!recipe.provision_inputs.empty() || !recipe.provision_end.empty()) {
            mistakes.add(document.place(),
                         "there is no `provision` that `provision_inputs` and `provision_end` "
                         "could belong to");
        }
        return;
    }
    std::set<std::string> used;
    Flow flow(mistakes, used);
    flow.add(recipe.inputs);
    flow.add(recipe.provision_inputs);
    flow.run(recipe.provision);
    flow.run(recipe.provision_end);
    for (const Input& input : recipe.inputs)
        used.insert(input.name);  // the verifying login uses them
    Flow inputs(mistakes, used);
    inputs.add(recipe.inputs);
    inputs.add(recipe.provision_inputs);
    check_inputs(recipe.provision_inputs, used, inputs, mistakes);
}

}  // namespace

void check_references(const Recipe& recipe, const document::Value& document, Mistakes& mistakes) {
    check_step_names(recipe, mistakes);
    const auto is_login = [](const Step& step) { return step.login; };
    if (std::ranges::none_of(recipe.acquire, is_login)) {
        mistakes.add(place_of(document, "acquire"),
                     "one step of `acquire` is the login: it says `login: true`");
    }

    std::set<std::string> used;
    Flow acquire(mistakes, used);
    acquire.add(recipe.inputs);
    acquire.run(recipe.acquire);
    use_token(recipe, acquire);

    if (!recipe.refresh.empty()) {
        Flow refresh = later_flow(recipe, mistakes, used);
        refresh.run(recipe.refresh);
        check_refreshed(recipe, recipe.token.value, mistakes);
        check_refreshed(recipe, recipe.token.expires.value, mistakes);
    }
    Flow later = later_flow(recipe, mistakes, used);
    if (recipe.probe) later.run(*recipe.probe);
    later.run(recipe.revoke);

    check_token(recipe, document, mistakes);
    check_keep(recipe, document, mistakes);
    check_answers(recipe, document, mistakes);
    Flow inputs(mistakes, used);
    inputs.add(recipe.inputs);
    check_inputs(recipe.inputs, used, inputs, mistakes);
    check_provision(recipe, document, mistakes);
}

}  // namespace tokenbroker::recipe
