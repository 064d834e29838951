#include "cli/command.hpp"
#include "cli/output.hpp"

#include <algorithm>
#include <exception>

namespace tokenbroker::cli {

namespace {

int unknown_command(std::string_view name) {
    std::vector<std::string_view> known;
    for (const auto& command : commands())
        known.push_back(command.name);
    for (const auto& [command, summary] : helper_commands())
        known.push_back(command);
    const auto meant = nearest(name, known);
    std::string text = "unknown command '" + std::string(name) + "'";
    if (!meant.empty()) text += "; did you mean '" + std::string(meant) + "'?";
    return fail(exit_usage, text + " (see 'tokenctl --help')");
}

bool asks_for_help(char** arguments) {
    for (; *arguments != nullptr && std::string_view(*arguments) != "--"; ++arguments) {
        if (std::string_view(*arguments) == "--help" || std::string_view(*arguments) == "-h")
            return true;
    }
    return false;
}

int run_command(const client::Client& client, char** words) {
    const std::string_view name = *words;
    for (const auto& [command, summary] : helper_commands()) {
        if (command == name) return run_helper(words);
    }
    const auto all = commands();
    const auto spec = std::find_if(all.begin(), all.end(),
                                   [name](const CommandSpec& known) { return known.name == name; });
    if (spec == all.end()) return unknown_command(name);
    if (asks_for_help(words + 1)) return print(help_of(*spec));
    const auto arguments = parse_arguments(*spec, words + 1);
    if (!arguments) return fail(exit_usage, arguments.error().message);
    return spec->run(client, *arguments);
}

int run(char** words) {
    client::Options options;
    for (; *words != nullptr; ++words) {
        const std::string_view word = *words;
        constexpr std::string_view socket_is = "--socket=";
        if (word == "--socket") {
            if (words[1] == nullptr)
                return fail(exit_usage, "--socket needs a value: --socket PATH");
            options.socket = *++words;
        } else if (word.starts_with(socket_is)) {
            options.socket = word.substr(socket_is.size());
        } else if (word == "--help" || word == "-h" || word == "help") {
            return print(help_of_program());
        } else if (word == "--version") {
            return print("tokenctl " TOKENBROKER_VERSION "\n");
        } else if (word.starts_with('-')) {
            return fail(exit_usage,
                        "unknown option '" + std::string(word) + "' (see 'tokenctl --help')");
        } else {
            return run_command(client::Client(options), words);
        }
    }
    return fail(exit_usage, "a command is missing (see 'tokenctl --help')");
}

}  // namespace

}  // namespace tokenbroker::cli

int main(int argc, char** argv) {
    try {
        return tokenbroker::cli::run(argc > 0 ? argv + 1 : argv);
    } catch (const std::exception& error) {
        return tokenbroker::cli::fail(tokenbroker::cli::exit_failed, error.what());
    }
}
