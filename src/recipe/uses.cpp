#include "recipe/uses.hpp"

#include <algorithm>

namespace tokenbroker::recipe {
namespace {

void each_template(const JsonTemplate& json, const UseTemplate& use) {
    if (const auto* text = std::get_if<Template>(&json.value)) use(*text);
    if (const auto* list = std::get_if<JsonTemplate::List>(&json.value)) {
        for (const JsonTemplate& item : *list)
            each_template(item, use);
    }
    if (const auto* object = std::get_if<JsonTemplate::Object>(&json.value)) {
        for (const JsonTemplate::Member& member : *object)
            each_template(member.value, use);
    }
}

}  // namespace

void each_template(const Request& request, const UseTemplate& use) {
    use(request.method);
    use(request.path);
    use(request.trailing_slash);
    for (const Field& field : request.query)
        use(field.value);
    for (const Field& field : request.headers)
        use(field.value);
    if (request.json) each_template(*request.json, use);
    if (request.form) {
        for (const Field& field : *request.form)
            use(field.value);
    }
    if (request.basic) {
        use(request.basic->user);
        use(request.basic->password);
    }
}

std::set<std::string> names_in(const Request& request) {
    std::set<std::string> names;
    each_template(request, [&](const Template& text) {
        for (const std::string& name : text.names())
            names.insert(name);
    });
    return names;
}

bool has_all(const Request& request, const Values& values) {
    return std::ranges::all_of(names_in(request),
                               [&](const std::string& name) { return values.has(name); });
}

bool names_secret_input(const Recipe& recipe, const Step& step) {
    bool found = false;
    const auto look = [&](const Template& text) {
        for (const std::string& name : text.names()) {
            const Input* input = recipe.find_input(name);
            found = found || (input != nullptr && input->secret);
        }
    };
    each_template(step.request, look);
    return found;
}

bool names_secret_input(const Recipe& recipe, const std::vector<Step>& steps) {
    return std::ranges::any_of(steps,
                               [&](const Step& step) { return names_secret_input(recipe, step); });
}

}  // namespace tokenbroker::recipe
