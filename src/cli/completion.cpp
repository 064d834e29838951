#include "cli/command.hpp"
#include "cli/completion_templates.hpp"
#include "cli/output.hpp"
#include "client/json.hpp"

#include <algorithm>

namespace tokenbroker::cli {

namespace {

// The scripts ask for this, and take whatever comes: no message, no error.
int print_accounts(const client::Client& client) {
    const auto answer = client.accounts();
    if (!answer) return exit_done;
    std::string names;
    const auto document = client::Json::parse(*answer).value_or(client::Json());
    for (const auto& account : document["accounts"].items())
        names += account["account"].text() + "\n";
    return print(names);
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
    return text;
}

bool takes_account(const CommandSpec& command) {
    return command.arguments.find("ACCOUNT") != std::string_view::npos;
}

// ---- bash

std::string bash_script() {
    std::string names;
    std::string values;
    std::string cases;
    for (const auto& command : commands()) {
        const std::string name(command.name);
        names += name + " ";
        std::string options = "--help";
        for (const auto& option : command.options) {
            options += " " + std::string(option.name);
            if (option.value.empty()) continue;
            values += "        " + name + "," + std::string(option.name) + ") words='" +
                      std::string(option.choices) + "' ;;\n";
        }
        cases.append("                ").append(name).append(") options='").append(options) += "'";
        if (takes_account(command)) cases += " words=$(tokenctl completion accounts 2>/dev/null)";
        if (!command.choices.empty()) cases += " words='" + std::string(command.choices) + "'";
        cases += " ;;\n";
    }
    for (const auto& [name, summary] : helper_commands())
        names += std::string(name) + " ";
    names.pop_back();
    std::string script = replaced(std::string(bash_template), "@VALUES@", values);
    script = replaced(std::move(script), "@NAMES@", names);
    return replaced(std::move(script), "@CASES@", cases);
}

// ---- zsh

std::string zsh_quoted(std::string_view text) {
    std::string out = replaced(std::string(text), "'", "'\\''");
    return replaced(replaced(out, "[", "\\["), "]", "\\]");
}

std::string zsh_arguments(const CommandSpec& command) {
    std::string text;
    for (const auto& option : command.options) {
        const std::string equals = option.value.empty() ? "" : "=";
        text += " \\\n                    '" + std::string(option.name) + equals + "[" +
                zsh_quoted(option.help) + "]";
        if (!option.value.empty()) text += ":" + std::string(option.value) + ":";
        if (!option.choices.empty()) text += "(" + std::string(option.choices) + ")";
        text += "'";
    }
    if (takes_account(command)) text += " \\\n                    '1:account:_tokenctl_accounts'";
    if (!command.choices.empty())
        text += " \\\n                    '1:shell:(" + std::string(command.choices) + ")'";
    if (!command.rest.empty()) text += " \\\n                    '*::command:_normal'";
    return text;
}

std::string zsh_script() {
    std::string names;
    std::string cases;
    for (const auto& command : commands()) {
        names += "                '" + std::string(command.name) + ":" +
                 zsh_quoted(command.summary) + "'\n";
        cases += "                " + std::string(command.name) +
                 ") _arguments '--help[what it takes]'" + zsh_arguments(command) + " ;;\n";
    }
    for (const auto& [name, summary] : helper_commands()) {
        names += "                '" + std::string(name) + ":" + zsh_quoted(summary) + "'\n";
    }
    std::string script = replaced(std::string(zsh_template), "@NAMES@", names);
    return replaced(std::move(script), "@CASES@", cases);
}

// ---- fish

std::string fish_quoted(std::string_view text) {
    return "'" + replaced(replaced(std::string(text), "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_script() {
    const std::string complete = "complete -c tokenctl ";
    const std::string first = complete + "-n __fish_use_subcommand ";
    std::string text =
        "# fish completion for tokenctl; made by 'tokenctl completion fish'\n" + complete + "-f\n" +
        first + "-l socket -r -F -d 'the socket of the daemon'\n" + first +
        "-l version -d 'print the version'\n" + complete + "-l help -d 'print what there is'\n";
    for (const auto& command : commands()) {
        const std::string name(command.name);
        std::string seen = complete;
        seen.append("-n '__fish_seen_subcommand_from ").append(name) += "' ";
        text.append(first).append("-a ").append(name).append(" -d ");
        text += fish_quoted(command.summary) + "\n";
        if (takes_account(command))
            text += seen + "-a '(tokenctl completion accounts 2>/dev/null)'\n";
        if (!command.choices.empty()) text += seen + "-a " + fish_quoted(command.choices) + "\n";
        for (const auto& option : command.options) {
            text += seen + "-l " + std::string(option.name.substr(2));
            if (!option.value.empty()) text += " -x";
            if (!option.choices.empty()) text += " -a " + fish_quoted(option.choices);
            text += " -d " + fish_quoted(option.help) + "\n";
        }
    }
    for (const auto& [name, summary] : helper_commands()) {
        text += first + "-a " + std::string(name) + " -d " + fish_quoted(summary) + "\n";
    }
    return text + complete +
           "-n '__fish_seen_subcommand_from recipes' -F -a 'list show check try'\n";
}

}  // namespace

std::string completion_for(std::string_view shell) {
    if (shell == "bash") return bash_script();
    if (shell == "zsh") return zsh_script();
    if (shell == "fish") return fish_script();
    return {};
}

int run_completion(const client::Client& client, const Arguments& arguments) {
    const auto shell = arguments.positional[0];
    if (shell == "accounts") return print_accounts(client);
    const std::string script = completion_for(shell);
    if (script.empty())
        return fail(exit_usage, "completion is there for bash, zsh and fish, not for '" +
                                    std::string(shell) + "'");
    return print(script);
}

}  // namespace tokenbroker::cli
