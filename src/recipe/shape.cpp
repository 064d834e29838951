#include "recipe/shape.hpp"

#include "base/encode.hpp"
#include "base/mask.hpp"
#include "recipe/json.hpp"

#include <boost/json/value.hpp>

namespace tokenbroker::recipe {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_shape = 2000;
constexpr std::size_t most_elements = 3;

void add_shape(const json::value& value, const std::vector<Secret>& secrets, std::string& text) {
    if (text.size() > longest_shape) return;
    if (const auto* object = value.if_object()) {
        text += '{';
        bool first = true;
        for (const auto& [key, member] : *object) {
            if (text.size() > longest_shape) return;
            if (!first) text += ", ";
            first = false;
            const std::string name = mask_secrets({key.data(), key.size()}, secrets);
            text += json_quote(printable(name, 64)) + ": ";
            add_shape(member, secrets, text);
        }
        text += '}';
    } else if (const auto* list = value.if_array()) {
        text += '[';
        for (std::size_t i = 0; i < list->size() && i < most_elements; ++i) {
            if (i > 0) text += ", ";
            add_shape((*list)[i], secrets, text);
        }
        if (list->size() > most_elements)
            text += ", and " + std::to_string(list->size() - most_elements) + " more";
        text += ']';
    } else if (const auto* string = value.if_string()) {
        text += "text of " + std::to_string(string->size());
    } else {
        text += value.is_null() ? "null" : value.is_bool() ? "true or false" : "number";
    }
}

void hide(const std::vector<Step>& steps, const Values& values, Values& shown) {
    for (const Step& step : steps) {
        for (const Take& take : step.take) {
            if (!values.has(take.name)) shown.set(take.name, Value::text("_" + take.name + "_"));
        }
    }
}

}  // namespace

std::string shape_of(std::string_view body, const std::vector<Secret>& secrets) {
    if (body.empty()) return "nothing";
    const auto document = JsonDocument::parse(body);
    if (!document) return "no JSON, " + std::to_string(body.size()) + " bytes";
    std::string text;
    add_shape(document->root(), secrets, text);
    return printable(text, longest_shape);
}

Values shown_values(const Recipe& recipe, const Values& values) {
    Values shown;
    for (const auto& [name, value] : values.all()) {
        shown.set(name, value.secret() ? Value::text("***") : value);
    }
    hide(recipe.acquire, values, shown);
    hide(recipe.refresh, values, shown);
    hide(recipe.provision, values, shown);
    return shown;
}

Result<std::string> shown_request(const Step& step, const Values& shown,
                                  std::string_view base_path) {
    const auto request = fill(step, shown, base_path);
    if (!request) return request.error();
    std::string text = request->method + " " + std::string(request->target.reveal()) + "\n";
    for (const FilledHeader& header : request->headers) {
        const bool credentials = step.request.basic && header.name == "Authorization";
        text += header.name + ": " +
                (credentials ? "Basic ***" : std::string(header.value.reveal())) + "\n";
    }
    if (request->body) text += "\n" + std::string(request->body->reveal()) + "\n";
    return text;
}

std::string why_no_request(const Recipe& recipe, const Values& inputs) {
    Values shown = shown_values(recipe, inputs);
    if (!shown.has("token")) shown.set("token", Value::text("_token_"));
    std::vector<const Step*> steps;
    for (const auto* list : {&recipe.acquire, &recipe.refresh, &recipe.revoke}) {
        for (const Step& step : *list)
            steps.push_back(&step);
    }
    if (recipe.probe) steps.push_back(&*recipe.probe);
    for (const Step* step : steps) {
        if (!runs(*step, inputs)) continue;
        if (const auto request = fill(*step, shown, ""); !request) return request.error().message();
    }
    return {};
}

}  // namespace tokenbroker::recipe
