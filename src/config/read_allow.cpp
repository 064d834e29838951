#include "config/read_allow.hpp"

#include "config/keys.hpp"
#include "document/read.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tokenbroker::config {
namespace {

using document::Value;

// What peers of another user namespace look like, whoever they are.
constexpr unsigned unmapped = 65534;
// (uid_t)-1 means "no user" to the kernel.
constexpr std::int64_t largest_id = std::numeric_limits<std::uint32_t>::max() - 1;

void warn_of_nobody(unsigned id, const Place& place, Context& context) {
    if (id != unmapped) return;
    context.warnings.add(place,
                         "65534 (nobody) is what every peer of another user namespace looks like");
}

std::optional<core::NamedId> read_name(
    const Value& value, const char* what, Context& context,
    Environment::Id (Environment::*look_up)(const std::string&)) {
    auto name = document::read_word(value, context.mistakes);
    if (!name) return std::nullopt;
    const Environment::Id id = (context.environment.*look_up)(*name);
    switch (id.answer) {
        case Environment::Answer::found:
            return core::NamedId{std::move(*name), id.id};
        case Environment::Answer::unknown:
            context.mistakes.add(value.place(),
                                 "unknown " + std::string(what) + " " + document::show(value));
            return std::nullopt;
        case Environment::Answer::failed:
            break;
    }
    context.warnings.add(value.place(), "the name service does not answer for the " +
                                            std::string(what) + " " + document::show(value) +
                                            "; it will be asked again");
    return core::NamedId{std::move(*name), std::nullopt};
}

std::optional<unsigned> read_id(const Value& value, Context& context) {
    const auto id = document::read_integer(value, context.mistakes, 0, largest_id);
    if (!id) return std::nullopt;
    warn_of_nobody(static_cast<unsigned>(*id), value.place(), context);
    return static_cast<unsigned>(*id);
}

std::optional<std::string> read_unit(const Value& value, document::Mistakes& mistakes) {
    constexpr std::string_view suffix = ".service";
    const std::string& text = value.text();
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view(":-_.\\@").find(c) != std::string_view::npos;
    };
    if (text.size() > suffix.size() && text.size() <= 255 && text.ends_with(suffix) &&
        std::ranges::all_of(text, allowed)) {
        return text;
    }
    if (value.kind() != document::Kind::refused) {
        mistakes.add(value.place(), "expected a unit of the system manager, NAME.service, found " +
                                        document::show(value));
    }
    return std::nullopt;
}

std::optional<core::AllowLine> read_line(const Value& value, Context& context) {
    core::AllowLine line;
    if (value.kind() == document::Kind::scalar && value.text() == "any") {
        line.any = true;
        return line;
    }
    const std::size_t before = context.mistakes.size();
    const document::MapReader map(value, "an allow line, { user: NAME } for example, or any",
                                  keys::allow, context.mistakes);
    if (!map.usable()) return std::nullopt;
    if (const Value* user = map.find("user")) line.user = read_user(*user, context);
    if (const Value* uid = map.find("uid")) line.uid = read_id(*uid, context);
    if (const Value* group = map.find("group")) line.group = read_group(*group, context);
    if (const Value* gid = map.find("gid")) line.gid = read_id(*gid, context);
    map.take("unit", line.unit, read_unit);
    if (value.entries().empty()) {
        context.mistakes.add(value.place(),
                             "an allow line is empty; it would match nobody or everybody");
    }
    // A line of which a member is missing would let in more peers than were meant.
    if (context.mistakes.size() != before) return std::nullopt;
    return line;
}

}  // namespace

std::optional<core::NamedId> read_group(const Value& value, Context& context) {
    auto group = read_name(value, "group", context, &Environment::group);
    if (group && group->id) warn_of_nobody(*group->id, value.place(), context);
    return group;
}

std::optional<core::NamedId> read_user(const Value& value, Context& context) {
    auto user = read_name(value, "user", context, &Environment::user);
    if (user && user->id) warn_of_nobody(*user->id, value.place(), context);
    return user;
}

std::optional<core::AllowList> read_allow(const Value& value, Context& context) {
    const Value* list =
        document::expect_list(value, "a list of lines like { user: NAME }", context.mistakes);
    if (list == nullptr) return std::nullopt;
    std::vector<core::AllowLine> lines;
    for (const Value& item : list->items()) {
        if (auto line = read_line(item, context)) lines.push_back(std::move(*line));
    }
    return core::AllowList(std::move(lines));
}

core::AllowList default_admins(Environment& environment) {
    core::AllowLine root;
    root.uid = 0;
    std::vector<core::AllowLine> lines{root};
    if (environment.own_uid() != 0) {
        core::AllowLine self;
        self.uid = environment.own_uid();
        lines.push_back(self);
    }
    return core::AllowList(std::move(lines));
}

}  // namespace tokenbroker::config
