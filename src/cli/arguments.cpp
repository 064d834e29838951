#include "cli/command.hpp"

#include <algorithm>
#include <numeric>

namespace tokenbroker::cli {

bool Arguments::has(std::string_view option) const {
    return value(option).has_value();
}

std::optional<std::string_view> Arguments::value(std::string_view option) const {
    for (const auto& [name, value] : options) {
        if (name == option) return value;
    }
    return std::nullopt;
}

namespace {

client::Error wrong(std::string message) {
    return {client::ErrorKind::bad_request, std::move(message)};
}

std::string quoted(std::string_view word) {
    return "'" + std::string(word) + "'";
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
        }
    }
    return row[b.size()];
}

bool among(std::string_view choices, std::string_view word) {
    while (!choices.empty()) {
        const auto end = std::min(choices.find(' '), choices.size());
        if (choices.substr(0, end) == word) return true;
        choices.remove_prefix(std::min(end + 1, choices.size()));
    }
    return false;
}

client::Error unknown_option(const CommandSpec& spec, std::string_view name) {
    std::vector<std::string_view> known;
    for (const auto& option : spec.options)
        known.push_back(option.name);
    if (name == "--socket")
        return wrong("--socket stands before the command: 'tokenctl --socket PATH " +
                     std::string(spec.name) + " ...'");
    const auto meant = nearest(name, known);
    return wrong("'" + std::string(spec.name) + "' has no option " + quoted(name) +
                 (meant.empty() ? "" : "; did you mean " + quoted(meant) + "?") +
                 " (see 'tokenctl " + std::string(spec.name) + " --help')");
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
    for (const auto candidate : known) {
        const auto d = distance(word, candidate);
        if (d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

ParsedArguments parse_arguments(const CommandSpec& spec, char** arguments) {
    Arguments parsed;
    for (; *arguments != nullptr; ++arguments) {
        const std::string_view word = *arguments;
        if (word == "--") {
            parsed.rest = arguments + 1;
            break;
        }
        if (!word.starts_with('-') || word == "-") {
            parsed.positional.push_back(word);
            continue;
        }
        const auto equals = word.find('=');
        const auto name = word.substr(0, equals);
        const auto option =
            std::find_if(spec.options.begin(), spec.options.end(),
                         [name](const OptionSpec& known) { return known.name == name; });
        if (option == spec.options.end()) return unknown_option(spec, name);
        if (parsed.has(name)) return wrong(std::string(name) + " is given twice");
        std::string_view value;
        if (option->value.empty()) {
            if (equals != std::string_view::npos)
                return wrong(std::string(name) + " takes no value");
        } else if (equals != std::string_view::npos) {
            value = word.substr(equals + 1);
        } else if (arguments[1] == nullptr) {
            return wrong(std::string(name) + " needs a value: " + std::string(name) + " " +
                         std::string(option->value));
        } else {
            value = *++arguments;
        }
        if (!option->choices.empty() && !among(option->choices, value)) {
            return wrong(std::string(name) + " takes one of: " + std::string(option->choices) +
                         "; not " + quoted(value));
        }
        parsed.options.emplace_back(option->name, value);
    }

    const std::string usage = " (see 'tokenctl " + std::string(spec.name) + " --help')";
    if (parsed.positional.size() < spec.least)
        return wrong("'" + std::string(spec.name) + "' needs " + std::string(spec.arguments) +
                     usage);
    if (!spec.rest.empty() && (parsed.rest == nullptr || *parsed.rest == nullptr)) {
        return wrong("'" + std::string(spec.name) + "' needs a command behind '--'" + usage);
    }
    if (parsed.positional.size() > spec.most) {
        return wrong("too many arguments for '" + std::string(spec.name) + "', from " +
                     quoted(parsed.positional[spec.most]) + " on" + usage);
    }
    if (spec.rest.empty() && parsed.rest != nullptr && *parsed.rest != nullptr) {
        return wrong("'" + std::string(spec.name) + "' takes nothing behind '--'" + usage);
    }
    return parsed;
}

}  // namespace tokenbroker::cli
