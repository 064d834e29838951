#pragma once

#include "document/mistakes.hpp"
#include "recipe/answer.hpp"
#include "recipe/fill.hpp"
#include "recipe/inputs.hpp"
#include "recipe/library.hpp"
#include "recipe/parse.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::recipe {

inline constexpr WallTime now =
    WallTime(std::chrono::seconds(1'800'000'000));  // 2027-01-15T08:00:00Z

// A whole recipe around `inputs` and `acquire`, each the lines below its key.
inline std::string recipe_text(std::string_view inputs, std::string_view acquire,
                               std::string_view rest = "") {
    std::string text = "recipe: sample\ntitle: Sample\n";
    if (!inputs.empty()) text += "inputs:\n" + std::string(inputs);
    text += "acquire:\n" + std::string(acquire);
    text +=
        "token: { value: \"${token}\", header: { name: Authorization, value: \"Bearer ${token}\" "
        "}, expires: never }\n";
    return text + std::string(rest);
}

inline Recipe parse_good(std::string_view text) {
    document::Mistakes mistakes;
    auto recipe = parse_recipe(text, "sample.yaml", mistakes);
    for (const Mistake& mistake : mistakes.sorted())
        ADD_FAILURE() << mistake.text();
    if (!recipe) throw std::runtime_error("the recipe can't be parsed");
    return std::move(*recipe);
}

inline std::vector<std::string> mistakes_in(std::string_view text) {
    document::Mistakes mistakes;
    const auto recipe = parse_recipe(text, "sample.yaml", mistakes);
    EXPECT_EQ(recipe.has_value(), mistakes.empty());
    std::vector<std::string> texts;
    for (const Mistake& mistake : mistakes.sorted())
        texts.push_back(mistake.text());
    return texts;
}

inline const Step& step_of(const std::vector<Step>& steps, std::string_view name) {
    const auto found = std::ranges::find(steps, name, &Step::name);
    if (found == steps.end()) throw std::runtime_error("no such step");
    return *found;
}

inline std::string body_of(const FilledRequest& request) {
    return request.body ? std::string(request.body->reveal()) : "(none)";
}

inline std::string header_of(const FilledRequest& request, std::string_view name) {
    const auto found = std::ranges::find(request.headers, name, &FilledHeader::name);
    return found == request.headers.end() ? "(none)" : std::string(found->value.reveal());
}

inline Value secret(std::string_view text) {
    return secret_input(Secret(text));
}

inline Answer answer(int status, std::string_view body) {
    Answer made;
    made.status = status;
    made.body = body;
    return made;
}

// The text of a taken value.
inline std::string taken(const Reading& reading, std::string_view name) {
    const Value* value = reading.taken.find(name);
    return value == nullptr ? "(none)" : std::string(value->as_text().reveal());
}

}  // namespace tokenbroker::recipe
