#include "config/read_parts.hpp"

#include "config/keys.hpp"
#include "config/permissions.hpp"
#include "config/read_allow.hpp"
#include "config/read_secret.hpp"
#include "document/read.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace tokenbroker::config {
namespace {

using document::MapReader;
using document::Value;
using namespace std::chrono_literals;

constexpr std::uint64_t kibi = 1024;
constexpr std::uint64_t mebi = 1024 * kibi;

bool is_loopback(const std::string& address) {
    in_addr four{};
    if (::inet_pton(AF_INET, address.c_str(), &four) == 1)
        return (ntohl(four.s_addr) >> 24U) == 127;
    return address == "::1";
}

std::optional<std::string> read_address(const Value& value, document::Mistakes& mistakes) {
    in6_addr buffer{};
    const char* text = value.text().c_str();
    if (::inet_pton(AF_INET, text, &buffer) == 1 || ::inet_pton(AF_INET6, text, &buffer) == 1) {
        return value.text();
    }
    if (value.kind() != document::Kind::refused) {
        mistakes.add(value.place(),
                     "expected an IPv4 or IPv6 address, found " + document::show(value));
    }
    return std::nullopt;
}

template <class Number>
void take_integer(const MapReader& map, std::string_view key, Number& into, std::int64_t least,
                  std::int64_t most) {
    std::int64_t number = 0;
    if (map.take(key, number, document::read_integer, least, most))
        into = static_cast<Number>(number);
}

std::optional<SecretSource> read_key(const Value& value, Context& context) {
    auto source = read_secret_source(value, context);
    if (source) {
        if (const auto* file = std::get_if<SecretFile>(&source->from)) {
            check_private(file->path, "the state key", value.place(), context);
        }
    }
    return source;
}

// systemd gives a list with ':' between its members.
std::string state_directory_of_unit(Environment& environment) {
    const std::string folders = environment.variable("STATE_DIRECTORY").value_or("");
    return folders.substr(0, folders.find(':'));
}

}  // namespace

void read_socket(const Value& value, SocketSettings& into, Context& context) {
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    const MapReader map(value, "the socket", keys::socket, context.mistakes);
    if (map.take("path", into.path, document::read_path) && into.path.size() > longest) {
        context.mistakes.add(map.find("path")->place(),
                             "the path has " + std::to_string(into.path.size()) +
                                 " bytes; a Unix socket takes at most " + std::to_string(longest));
    }
    map.take("mode", into.mode, document::read_mode);
    if (const Value* group = map.find("group")) into.group = read_group(*group, context);
}

void read_metrics(const Value& value, std::optional<MetricsSettings>& into, Context& context) {
    MetricsSettings metrics;
    const MapReader map(value, "metrics", keys::metrics, context.mistakes);
    if (map.take("address", metrics.address, read_address) && !is_loopback(metrics.address)) {
        context.warnings.add(
            map.find("address")->place(),
            "metrics are open to the network here: names of accounts and upstreams can be "
            "read by whoever reaches this address");
    }
    if (map.require("port") != nullptr) take_integer(map, "port", metrics.port, 1, 65535);
    into = metrics;
}

void read_state(const Value* value, const Place& root, StateSettings& into, Context& context) {
    into.directory = state_directory_of_unit(context.environment);
    Place place = root;
    if (value != nullptr) {
        place = value->place();
        const MapReader map(*value, "the state", keys::state, context.mistakes);
        if (!map.usable()) return;
        if (const Value* folder = map.find("directory")) {
            place = folder->place();
            if (!map.take("directory", into.directory, document::read_path)) return;
        }
        if (const Value* key = map.find("key")) into.key = read_key(*key, context);
        if (const Value* key = map.find("previous_key"))
            into.previous_key = read_key(*key, context);
    }
    if (into.directory.empty()) {
        context.mistakes.add(place,
                             "no state directory: state.directory is required where "
                             "$STATE_DIRECTORY is not set");
        return;
    }
    const auto status = context.environment.status(into.directory);
    if (status && status->type != Environment::FileType::directory) {
        context.mistakes.add(
            place, into.directory + " is not a folder; allowed is one for the state alone");
        return;
    }
    check_private(into.directory, "the state directory", place, context);
    if (!into.key) check_private(into.directory + "/state.key", "the state key", place, context);
}

void read_log(const Value& value, LogSettings& into, Context& context) {
    const MapReader map(value, "the log", keys::log, context.mistakes);
    std::size_t choice = 0;
    using Words = std::span<const std::string_view>;
    if (map.take("level", choice, document::read_choice, Words(keys::log_levels))) {
        into.level = static_cast<LogLevel>(choice);
    }
    if (map.take("format", choice, document::read_choice, Words(keys::log_formats))) {
        into.format = static_cast<LogFormat>(choice);
    }
    map.take("audit", into.audit, document::read_boolean);
}

void read_limits(const Value& value, LimitSettings& into, Context& context) {
    const MapReader map(value, "the limits", keys::limits, context.mistakes);
    take_integer(map, "connections", into.connections, 4, 1'000'000);
    take_integer(map, "waiting", into.waiting, 4, 1'000'000);
    map.take("head", into.head, document::read_size, kibi, mebi);
    map.take("body", into.body, document::read_size, kibi, 16 * mebi);
    map.take("head_timeout", into.head_timeout, document::read_duration, 100ms, 10min);
    map.take("idle", into.idle, document::read_duration, 1s, 24h);
}

void read_proxy(const Value& value, std::optional<Proxy>& into, Context& context) {
    if (value.kind() == document::Kind::scalar && value.text() == "none") {
        into.reset();
        return;
    }
    const auto text = document::read_word(value, context.mistakes);
    if (!text) return;
    const auto url = parse_base_url(*text);
    if (!url || url->tls || !url->path.empty()) {
        context.mistakes.add(value.place(), "not a proxy; allowed are http://HOST[:PORT] and none");
        return;
    }
    into = Proxy{url->host, url->ipv6, url->port};
}

std::vector<const Value*> read_folders(const Value& value, Context& context) {
    std::vector<const Value*> folders;
    const Value* list = document::expect_list(value, "a list of folders", context.mistakes);
    if (list == nullptr) return folders;
    for (const Value& item : list->items()) {
        if (document::read_path(item, context.mistakes)) folders.push_back(&item);
    }
    return folders;
}

}  // namespace tokenbroker::config
