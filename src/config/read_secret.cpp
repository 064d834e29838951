#include "config/read_secret.hpp"

#include "config/keys.hpp"
#include "config/permissions.hpp"
#include "document/nearest.hpp"
#include "document/read.hpp"

#include <algorithm>
#include <utility>

namespace tokenbroker::config {
namespace {

using document::Kind;
using document::Mistakes;
using document::Value;

constexpr std::size_t longest_secret = std::size_t{64} * 1024;
constexpr std::string_view allowed =
    "a secret: { file: PATH }, { credential: NAME }, { env: NAME }, { command: [/absolute, ...] } "
    "or text";

bool is_credential_name(std::string_view name) {
    return name != "." && name != ".." && name.size() <= 255 &&
           name.find('/') == std::string_view::npos;
}

bool is_variable_name(std::string_view name) {
    const auto word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !name.empty() && (name.front() < '0' || name.front() > '9') &&
           std::ranges::all_of(name, word);
}

std::optional<SecretSource> plain_secret(const Value& value, Context& context) {
    if (value.text().empty()) {
        context.mistakes.add(value.place(), "the secret is empty");
        return std::nullopt;
    }
    if (value.text().size() > longest_secret) {
        context.mistakes.add(value.place(), "the secret is too long; at most 64 KiB");
        return std::nullopt;
    }
    context.warnings.add(value.place(),
                         "a secret stands in the configuration itself; { credential: NAME } or "
                         "{ file: PATH } keeps it out");
    return SecretSource{SecretValue{Secret(value.text())}, value.place()};
}

std::optional<SecretSource> from_entry(const document::Entry& entry, const Place& place,
                                       Context& context) {
    Mistakes& mistakes = context.mistakes;
    if (entry.key == "file") {
        auto path = document::read_path(entry.value, mistakes);
        if (!path) return std::nullopt;
        check_secret_file(*path, entry.value.place(), context);
        return SecretSource{SecretFile{std::move(*path)}, place};
    }
    if (entry.key == "command") {
        auto arguments = read_command(entry.value, mistakes);
        if (!arguments) return std::nullopt;
        return SecretSource{SecretCommand{std::move(*arguments)}, place};
    }
    auto name = document::read_word(entry.value, mistakes);
    if (!name) return std::nullopt;
    if (entry.key == "credential") {
        if (is_credential_name(*name))
            return SecretSource{SecretCredential{std::move(*name)}, place};
        mistakes.add(entry.value.place(), "a credential is a file name, without \"/\"");
        return std::nullopt;
    }
    if (is_variable_name(*name)) return SecretSource{SecretVariable{std::move(*name)}, place};
    mistakes.add(entry.value.place(),
                 "not the name of an environment variable; allowed are letters, digits and '_', no "
                 "digit first");
    return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string>> read_command(const Value& value, Mistakes& mistakes) {
    constexpr std::string_view what = "a command: a list whose first item is an absolute path";
    const Value* list = document::expect_list(value, what, mistakes);
    if (list == nullptr) return std::nullopt;
    if (list->items().empty()) {
        mistakes.add(value.place(), "expected " + std::string(what) + ", found an empty list");
        return std::nullopt;
    }
    std::vector<std::string> arguments;
    for (const Value& item : list->items()) {
        auto text = arguments.empty() && &item == &list->items().front()
                        ? document::read_path(item, mistakes)
                        : document::read_text(item, mistakes);
        if (text) arguments.push_back(std::move(*text));
    }
    if (arguments.size() != list->items().size()) return std::nullopt;
    return arguments;
}

std::optional<SecretSource> read_secret_source(const Value& value, Context& context) {
    if (value.kind() == Kind::scalar) return plain_secret(value, context);
    if (value.kind() == Kind::refused) return std::nullopt;
    if (value.kind() != Kind::map) {
        context.mistakes.add(value.place(), "expected " + std::string(allowed) + ", found " +
                                                std::string(document::describe(value.kind())));
        return std::nullopt;
    }
    bool known = true;
    for (const document::Entry& entry : value.entries()) {
        if (std::ranges::find(keys::secret, std::string_view(entry.key)) != keys::secret.end())
            continue;
        context.mistakes.add(
            entry.key_spot.place(),
            "unknown key in a secret; " + document::suggest(entry.key, keys::secret));
        known = false;
    }
    if (!known) return std::nullopt;
    if (value.entries().size() != 1) {
        context.mistakes.add(value.place(),
                             "a secret has exactly one of file, credential, env and command");
        return std::nullopt;
    }
    return from_entry(value.entries().front(), value.place(), context);
}

}  // namespace tokenbroker::config
