#include "base/mask.hpp"
#include "document/read.hpp"
#include "recipe/keys.hpp"
#include "recipe/parts.hpp"

#include <algorithm>

namespace tokenbroker::recipe {
namespace {

using document::Kind;
using document::MapReader;
using document::Mistakes;

std::optional<Take> read_take(const document::Entry& entry, Mistakes& mistakes) {
    if (!check_name(entry, mistakes)) return std::nullopt;
    Take take;
    take.name = entry.key;
    if (entry.value.kind() != Kind::map) {
        auto pointer = read_pointer(entry.value, mistakes);
        if (!pointer) return std::nullopt;
        take.at = std::move(*pointer);
        return take;
    }
    const MapReader map(entry.value, "what a step takes", keys::take, mistakes);
    if (const document::Value* at = map.require("at")) {
        if (auto pointer = read_pointer(*at, mistakes)) take.at = std::move(*pointer);
    }
    if (const document::Value* otherwise = map.find("default")) {
        take.may_be_absent = otherwise->kind() == Kind::null;
        if (!take.may_be_absent) take.otherwise = read_template(*otherwise, mistakes);
    }
    map.take("secret", take.secret, document::read_boolean);
    return take;
}

Select read_select(const document::Value& value, Mistakes& mistakes) {
    Select select;
    const MapReader map(value, "`select`", keys::select, mistakes);
    if (!map.usable()) return select;
    map.take_required("what", select.what, document::read_word);
    if (const document::Value* from = map.require("from")) {
        if (auto pointer = read_pointer(*from, mistakes)) select.from = std::move(*pointer);
    }
    if (const document::Value* where = map.find("where")) {
        if (document::expect_map(*where, "a map of pointers and the values that must be there",
                                 mistakes) != nullptr) {
            for (const document::Entry& entry : where->entries()) {
                auto pointer = read_pointer(entry, mistakes);
                auto wanted = read_template(entry.value, mistakes);
                if (pointer && wanted)
                    select.where.emplace_back(std::move(*pointer), std::move(*wanted));
            }
        }
    }
    if (const document::Value* show = map.require("show")) {
        if (document::expect_list(*show, "a list of pointers", mistakes) != nullptr) {
            for (const document::Value& item : show->items()) {
                if (auto pointer = read_pointer(item, mistakes))
                    select.show.push_back(std::move(*pointer));
            }
        }
    }
    return select;
}

void read_flags(const MapReader& map, Phase phase, Step& step, Mistakes& mistakes) {
    map.take("login", step.login, document::read_boolean);
    map.take("optional", step.optional, document::read_boolean);
    const bool counts = phase == Phase::acquire || phase == Phase::provision;
    if (step.login && !counts) {
        mistakes.add(map.find("login")->place(),
                     "only a step of `acquire` or `provision` is a login");
    }
    if (step.optional && !counts) {
        mistakes.add(map.find("optional")->place(),
                     "only a step of `acquire` or `provision` is optional");
    }
    if (step.login && step.optional)
        mistakes.add(map.find("optional")->place(), "a login is not optional");
}

// Step names stand in logs, metrics and request ids.
void check_step_name(const Step& step, const Place& place, Mistakes& mistakes) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (step.name.empty() || (step.name.size() <= 63 && std::ranges::all_of(step.name, good)))
        return;
    mistakes.add(place, "a step's name has 1 to 63 of a-z, 0-9, '_' and '-'");
}

}  // namespace

std::optional<Step> read_step(const document::Value& value, Phase phase, std::string_view name,
                              Mistakes& mistakes) {
    const MapReader map(value, "a step", keys::step, mistakes);
    if (!map.usable()) return std::nullopt;
    Step step;
    step.place = value.place();
    step.name = name;
    if (name.empty()) {
        map.take_required("step", step.name, document::read_word);
    } else {
        map.take("step", step.name, document::read_word);
    }
    const document::Value* step_name = map.find("step");
    check_step_name(step, step_name != nullptr ? step_name->place() : step.place, mistakes);
    read_flags(map, phase, step, mistakes);
    if (const document::Value* when = map.find("when")) step.when = read_when(*when, mistakes);
    if (const document::Value* request = map.require("request")) {
        if (auto made = read_request(*request, mistakes)) step.request = std::move(*made);
    }
    if (const document::Value* select = map.find("select")) {
        step.select = read_select(*select, mistakes);
        if (phase != Phase::provision)
            mistakes.add(select->place(), "only a step of `provision` has `select`");
    }
    const document::Value* take = map.find("take");
    if (take != nullptr &&
        (phase == Phase::probe || phase == Phase::revoke || phase == Phase::provision_end)) {
        mistakes.add(take->place(), "nothing is taken from this answer: nobody would use it");
    }
    if (take != nullptr &&
        document::expect_map(*take, "a map of names and JSON pointers", mistakes) != nullptr) {
        for (const document::Entry& entry : take->entries()) {
            if (auto made = read_take(entry, mistakes)) step.take.push_back(std::move(*made));
        }
    }
    return step;
}

std::vector<Step> read_steps(const document::Value& value, Phase phase, Mistakes& mistakes) {
    std::vector<Step> steps;
    if (document::expect_list(value, "a list of steps", mistakes) == nullptr) return steps;
    if (value.items().empty()) mistakes.add(value.place(), "an empty list of steps");
    for (const document::Value& item : value.items()) {
        std::string name;
        if (phase == Phase::revoke) name = "revoke";
        if (phase == Phase::provision_end) name = "log_out";
        if (!name.empty() && !steps.empty()) name += "_" + std::to_string(steps.size() + 1);
        if (auto step = read_step(item, phase, name, mistakes)) steps.push_back(std::move(*step));
    }
    return steps;
}

}  // namespace tokenbroker::recipe
