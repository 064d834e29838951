#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tokenbroker/client.hpp>
#include <utility>
#include <vector>

namespace tokenbroker::cli {

struct OptionSpec {
    std::string_view name;   // with its dashes
    std::string_view value;  // what stands for its value in help; empty: it takes none
    std::string_view help;
    std::string_view choices = {};  // the values that there are, separated by spaces; empty: any
};

// What a command was given, already checked against its spec.
struct Arguments {
    std::vector<std::string_view> positional;
    std::vector<std::pair<std::string_view, std::string_view>> options;
    char** rest = nullptr;  // what stands behind "--", null-terminated as main got it

    [[nodiscard]] bool has(std::string_view option) const;
    [[nodiscard]] std::optional<std::string_view> value(std::string_view option) const;
};

struct CommandSpec {
    std::string_view name;
    std::string_view arguments;  // as help shows them: "ACCOUNT"
    std::size_t least = 0;       // how many of them there must be, and may be
    std::size_t most = 0;
    std::string_view summary;
    std::span<const OptionSpec> options;
    int (*run)(const client::Client& client, const Arguments& arguments) = nullptr;
    std::string_view rest = {};     // what must follow "--", as help shows it; empty: nothing may
    std::string_view choices = {};  // the values of its one argument, separated by spaces
};

// All commands that tokenctl runs itself.
std::span<const CommandSpec> commands();
// Those that its helper runs, which has options of its own: name and summary.
std::span<const std::pair<std::string_view, std::string_view>> helper_commands();

using ParsedArguments = client::Result<Arguments>;
// Options may stand anywhere before "--", as "--name value" or "--name=value", each once.
ParsedArguments parse_arguments(const CommandSpec& spec, char** arguments);

std::string help_of_program();
std::string help_of(const CommandSpec& spec);
// The one of `known` that `word` was probably meant to be, or empty.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);
// The script that lets a shell complete tokenctl's arguments; empty: no such shell.
std::string completion_for(std::string_view shell);

// The commands. Each prints what it has to, and returns tokenctl's exit code.
int run_get(const client::Client& client, const Arguments& arguments);
int run_status(const client::Client& client, const Arguments& arguments);
int run_watch(const client::Client& client, const Arguments& arguments);
int run_exec(const client::Client& client, const Arguments& arguments);
int run_reject(const client::Client& client, const Arguments& arguments);
int run_refresh(const client::Client& client, const Arguments& arguments);
int run_resume(const client::Client& client, const Arguments& arguments);
int run_revoke(const client::Client& client, const Arguments& arguments);
int run_reload(const client::Client& client, const Arguments& arguments);
int run_access(const client::Client& client, const Arguments& arguments);
int run_health(const client::Client& client, const Arguments& arguments);
int run_completion(const client::Client& client, const Arguments& arguments);
// Replaces this process by libexec's tokenctl-recipes: argv[1] is the command's name, then its
// arguments as given.
int run_helper(char** command_and_arguments);

}  // namespace tokenbroker::cli
