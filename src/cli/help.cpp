#include "cli/command.hpp"

#include <algorithm>

namespace tokenbroker::cli {

namespace {

// "  LEFT      RIGHT"
std::string row(std::string_view left, std::string_view right) {
    constexpr std::size_t width = 24;
    std::string line = "  " + std::string(left);
    line.resize(std::max(line.size() + 2, width), ' ');
    return line + std::string(right) + "\n";
}

std::string with_value(const OptionSpec& option) {
    std::string text(option.name);
    if (!option.value.empty()) text += " " + std::string(option.value);
    return text;
}

}  // namespace

std::string help_of_program() {
    std::string text =
        "Usage: tokenctl [--socket PATH] COMMAND ...\n\n"
        "Asks tokenbrokerd for access tokens, and for how it gets them.\n\nCommands:\n";
    for (const auto& command : commands()) {
        text +=
            row(std::string(command.name) + " " + std::string(command.arguments), command.summary);
    }
    for (const auto& [name, summary] : helper_commands())
        text += row(name, summary);
    text += "\nOptions:\n";
    text += row("--socket PATH",
                "default: $TOKENBROKER_SOCKET, then /run/tokenbroker/tokenbroker.sock");
    text += row("--version", "print the version");
    text += row("--help", "print this; behind a command, print what that command takes");
    return text +
           "\nExit: 0 done; 1 failed; 2 usage; 3 no token available now; 4 access denied; 5 "
           "unknown account;\n"
           "6 the daemon can't be reached. More in tokenctl(1).\n";
}

std::string help_of(const CommandSpec& spec) {
    std::string text = "Usage: tokenctl " + std::string(spec.name);
    if (!spec.arguments.empty()) text += " " + std::string(spec.arguments);
    for (const auto& option : spec.options)
        text += " [" + with_value(option) + "]";
    if (!spec.rest.empty()) text += " -- " + std::string(spec.rest);
    text += "\n\n" + std::string(spec.summary) + "\n";
    if (!spec.options.empty()) text += "\nOptions:\n";
    for (const auto& option : spec.options)
        text += row(with_value(option), option.help);
    return text;
}

}  // namespace tokenbroker::cli
