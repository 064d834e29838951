#include "config/read_sinks.hpp"

#include "config/keys.hpp"
#include "config/read_allow.hpp"
#include "config/read_secret.hpp"
#include "document/read.hpp"

#include <filesystem>
#include <utility>

namespace tokenbroker::config {
namespace {

using document::MapReader;
using document::Value;
using namespace std::chrono_literals;

// The path of a file, spelt in the one way that makes equal paths equal.
std::optional<std::string> read_file_path(const Value& value, document::Mistakes& mistakes) {
    auto path = document::read_path(value, mistakes);
    if (!path) return std::nullopt;
    const std::filesystem::path given(*path);
    if (given.lexically_normal() == given && given.has_filename()) return path;
    mistakes.add(value.place(),
                 "expected the path of a file without \".\", \"..\" and doubled \"/\", found " +
                     document::show(value));
    return std::nullopt;
}

void read_mode(const MapReader& map, mode_t& into) {
    if (!map.take("mode", into, document::read_mode)) return;
    if ((into & 0007U) != 0) {
        map.mistakes().add(
            map.find("mode")->place(),
            "everybody could use the token's file; allowed is a mode that ends in 0");
    }
}

void read_owner(const MapReader& map, std::optional<core::NamedId>& into, Context& context) {
    const Value* owner = map.find("owner");
    if (owner == nullptr) return;
    into = read_user(*owner, context);
    if (!context.environment.may_change_owner()) {
        context.mistakes.add(
            owner->place(),
            "the daemon may not give files to other users (it has no CAP_CHOWN); use group:");
    }
}

SinkSettings read_sink(const Value& value, std::map<std::string, Place>& taken, Context& context) {
    SinkSettings sink;
    sink.place = value.place();
    const MapReader map(value, "a sink", keys::sink, context.mistakes);
    if (map.take_required("path", sink.path, read_file_path)) {
        const auto [first, added] = taken.try_emplace(sink.path, map.find("path")->place());
        if (!added) {
            context.mistakes.add(map.find("path")->place(),
                                 "another sink has this path, at " + first->second.text());
        }
    }
    std::size_t format = 0;
    if (map.take("format", format, document::read_choice,
                 std::span<const std::string_view>(keys::sink_formats))) {
        sink.format = static_cast<SinkFormat>(format);
    }
    read_mode(map, sink.mode);
    if (const Value* group = map.find("group")) sink.group = read_group(*group, context);
    read_owner(map, sink.owner, context);
    map.take("then", sink.then, read_command);
    map.take("timeout", sink.timeout, document::read_duration, 100ms, 1h);
    return sink;
}

}  // namespace

std::vector<SinkSettings> read_sinks(const Value& value, std::map<std::string, Place>& taken,
                                     Context& context) {
    std::vector<SinkSettings> sinks;
    const Value* list = document::expect_list(value, "a list of sinks", context.mistakes);
    if (list == nullptr) return sinks;
    for (const Value& item : list->items())
        sinks.push_back(read_sink(item, taken, context));
    return sinks;
}

}  // namespace tokenbroker::config
