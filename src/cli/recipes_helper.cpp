#include "cli/recipes_helper.hpp"

#include "document/nearest.hpp"
#include "host/secret_memory.hpp"

#include <array>
#include <iostream>
#include <span>

namespace tokenbroker::cli {
namespace {

constexpr std::size_t secret_memory = std::size_t{256} * 1024;

struct Command {
    std::string_view name;
    int (*run)(const std::vector<std::string>& arguments);
};
constexpr std::array<Command, 4> recipes_commands = {{{"list", run_recipes_list},
                                                      {"show", run_recipes_show},
                                                      {"check", run_recipes_check},
                                                      {"try", run_recipes_try}}};

constexpr std::string_view usage =
    "usage: tokenctl recipes [list]                          what the broker can log in to\n"
    "       tokenctl recipes show NAME                       a recipe's text\n"
    "       tokenctl recipes check FILE                      its mistakes\n"
    "       tokenctl recipes try FILE --base-url URL ...     runs it against an upstream, step by "
    "step\n"
    "       tokenctl provision RECIPE --base-url URL ...     creates a service account at an "
    "upstream\n"
    "Recipes besides the built-in ones: --recipes FOLDER, as often as needed (default: "
    "/etc/tokenbroker/recipes).\n"
    "`recipes try FILE --help` and `provision RECIPE --help` list the options of a recipe.\n";

int unknown(std::string_view word, std::span<const std::string_view> allowed) {
    return recipes_fail(recipes_usage, "unknown command \"" + std::string(word) + "\"; " +
                                           document::suggest(word, allowed));
}

int run_recipes(std::span<const std::string> arguments) {
    if (arguments.empty() || arguments.front().starts_with("--recipes")) {
        return run_recipes_list({arguments.begin(), arguments.end()});
    }
    const std::string& name = arguments.front();
    std::vector<std::string_view> names;
    for (const Command& command : recipes_commands) {
        if (command.name == name) return command.run({arguments.begin() + 1, arguments.end()});
        names.push_back(command.name);
    }
    return unknown(name, names);
}

int run(std::span<const std::string> arguments) {
    const bool help = arguments.empty() || arguments.front() == "--help" ||
                      arguments.front() == "help" ||
                      (arguments.size() == 2 && arguments[1] == "--help");
    if (help) {
        std::cout << usage;
        return arguments.empty() ? recipes_usage : recipes_done;
    }
    if (arguments.front() == "recipes") return run_recipes(arguments.subspan(1));
    if (arguments.front() == "provision")
        return run_provision({arguments.begin() + 1, arguments.end()});
    constexpr std::array<std::string_view, 2> commands = {"recipes", "provision"};
    return unknown(arguments.front(), commands);
}

}  // namespace

int recipes_fail(int code, std::string_view message) {
    std::cerr << "tokenctl: " << message << '\n';
    return code;
}

int code_of(const Error& error) {
    return error.code() == Errc::invalid_input ? recipes_usage : recipes_failed;
}

}  // namespace tokenbroker::cli

int main(int argc, char** argv) {
    namespace cli = tokenbroker::cli;
    namespace host = tokenbroker::host;
    try {
        if (const auto hardened = host::harden_process(); !hardened) {
            return cli::recipes_fail(cli::recipes_failed, hardened.error().message());
        }
        host::install_secret_memory(cli::secret_memory);
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        return cli::run(arguments);
    } catch (const std::exception& failure) {
        return cli::recipes_fail(cli::recipes_failed, failure.what());
    }
}
