#include "recipe/parse.hpp"

#include "base/mask.hpp"
#include "document/parse.hpp"
#include "document/read.hpp"
#include "recipe/keys.hpp"
#include "recipe/parts.hpp"

#include <algorithm>
#include <array>

namespace tokenbroker::recipe {
namespace {

using document::Kind;
using document::MapReader;
using document::Mistakes;

void read_name(const MapReader& map, Recipe& recipe, Mistakes& mistakes) {
    const document::Value* name = map.require("recipe");
    const auto text = name != nullptr ? document::read_word(*name, mistakes) : std::nullopt;
    if (text) {
        const auto good = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        };
        if (text->size() > 63 || !std::ranges::all_of(*text, good) || text->front() == '-') {
            mistakes.add(name->place(), "a recipe's name has 1 to 63 of a-z, 0-9 and '-'");
        }
        recipe.name = *text;
    }
    map.take_required("title", recipe.title, document::read_word);
}

void read_base(const document::Value& value, Recipe& recipe, Mistakes& mistakes) {
    const MapReader map(value, "`base`", keys::base, mistakes);
    const document::Value* strip = map.usable() ? map.require("strip") : nullptr;
    if (strip == nullptr) return;
    recipe.strip = read_texts(*strip, mistakes);
    for (const std::string& ending : recipe.strip) {
        if (!ending.starts_with('/') || ending.ends_with('/') || !why_no_path(ending).empty()) {
            mistakes.add(
                strip->place(),
                "\"" + printable(ending, 64) +
                    "\" is not the end of a path: it starts with '/' and ends without: /api/v1");
        }
    }
    std::ranges::stable_sort(recipe.strip, std::ranges::greater(), &std::string::size);
}

// What `expires` says, a map of one key or `never`.
Expires read_expires(const document::Value& value, Mistakes& mistakes) {
    constexpr std::array kinds = {Expires::Kind::after, Expires::Kind::at, Expires::Kind::in,
                                  Expires::Kind::jwt};
    static_assert(kinds.size() == keys::expires.size());
    Expires expires;
    if (value.kind() == Kind::scalar && value.text() == "never") return expires;
    if (value.kind() != Kind::map) {
        if (value.kind() != Kind::refused) {
            mistakes.add(value.place(),
                         "expected `never`, or a map of one of after, at, in and jwt");
        }
        return expires;
    }
    const MapReader map(value, "`expires`", keys::expires, mistakes);
    if (value.entries().size() != 1)
        mistakes.add(value.place(), "expected one of after, at, in and jwt");
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const document::Value* found = map.find(keys::expires.at(i));
        if (found == nullptr) continue;
        expires.kind = kinds.at(i);
        if (auto text = read_template(*found, mistakes)) expires.value = std::move(*text);
        if (!expires.value.whole().empty()) continue;
        if (expires.kind == Expires::Kind::after && expires.value.literal()) {
            document::read_duration(*found, mistakes, Milliseconds(1000), forever);
        } else {
            mistakes.add(found->place(),
                         "expected one placeholder and nothing else: \"${expires_in}\"");
        }
    }
    return expires;
}

void read_token(const document::Value& value, Recipe& recipe, Mistakes& mistakes) {
    const MapReader map(value, "`token`", keys::token, mistakes);
    if (!map.usable()) return;
    if (const document::Value* text = map.require("value")) {
        if (auto made = read_template(*text, mistakes)) recipe.token.value = std::move(*made);
        if (recipe.token.value.literal())
            mistakes.add(text->place(), "the token is something that a step takes: \"${token}\"");
    }
    if (const document::Value* header = map.require("header")) {
        const MapReader parts(*header, "`header`", keys::header, mistakes);
        if (parts.take_required("name", recipe.token.header_name, document::read_word)) {
            check_token_header_name(*parts.find("name"), mistakes);
        }
        const document::Value* text = parts.usable() ? parts.require("value") : nullptr;
        if (text != nullptr) {
            if (auto made = read_template(*text, mistakes))
                recipe.token.header_value = std::move(*made);
        }
    }
    if (const document::Value* expires = map.require("expires"))
        recipe.token.expires = read_expires(*expires, mistakes);
}

void read_phases(const MapReader& map, Recipe& recipe, Mistakes& mistakes) {
    if (const auto* acquire = map.require("acquire"))
        recipe.acquire = read_steps(*acquire, Phase::acquire, mistakes);
    if (const auto* probe = map.find("probe"))
        recipe.probe = read_step(*probe, Phase::probe, "probe", mistakes);
    if (const auto* revoke = map.find("revoke"))
        recipe.revoke = read_steps(*revoke, Phase::revoke, mistakes);
    if (const auto* refresh = map.find("refresh"))
        recipe.refresh = read_steps(*refresh, Phase::refresh, mistakes);
    if (const auto* steps = map.find("provision"))
        recipe.provision = read_steps(*steps, Phase::provision, mistakes);
    if (const auto* end = map.find("provision_end")) {
        recipe.provision_end = read_steps(*end, Phase::provision_end, mistakes);
    }
}

}  // namespace

std::optional<Recipe> read_recipe(const document::Value& document, Mistakes& mistakes) {
    const std::size_t before = mistakes.size();
    const MapReader map(document, "a recipe", keys::recipe, mistakes);
    if (!map.usable()) return std::nullopt;
    Recipe recipe;
    read_name(map, recipe, mistakes);
    if (const auto* base = map.find("base")) read_base(*base, recipe, mistakes);
    if (const auto* inputs = map.find("inputs")) recipe.inputs = read_inputs(*inputs, mistakes);
    if (const auto* inputs = map.find("provision_inputs"))
        recipe.provision_inputs = read_inputs(*inputs, mistakes);
    read_phases(map, recipe, mistakes);
    if (const auto* token = map.require("token")) read_token(*token, recipe, mistakes);
    if (const auto* keep = map.find("keep")) recipe.keep = read_texts(*keep, mistakes);
    if (const auto* answers = map.find("answers"))
        recipe.answers = read_answers(*answers, mistakes);
    // References are judged once all that they may refer to could be read: no false alarms.
    if (mistakes.size() == before) check_references(recipe, document, mistakes);
    if (mistakes.size() != before) return std::nullopt;
    return recipe;
}

std::optional<Recipe> parse_recipe(std::string_view text, const std::string& file,
                                   Mistakes& mistakes) {
    if (text.size() > largest_recipe) {
        mistakes.add({file, 0, 0},
                     "a recipe has at most " + std::to_string(largest_recipe / 1024) + " KiB");
        return std::nullopt;
    }
    const std::size_t before = mistakes.size();
    const auto document = document::parse(text, file, mistakes);
    if (!document) return std::nullopt;
    auto recipe = read_recipe(*document, mistakes);
    if (!recipe || mistakes.size() != before) return std::nullopt;
    recipe->source = text;
    return recipe;
}

}  // namespace tokenbroker::recipe
