#include "cli/command.hpp"
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
                      std::string(option.choices) + "'; options= ;;\n";
        }
        cases += "            " + name + ") options='" + options + "'; words='" +
                 std::string(command.choices) + "'";
        if (takes_account(command)) cases += "; words=$(tokenctl completion accounts 2>/dev/null)";
        cases += " ;;\n";
    }
    for (const auto& [name, summary] : helper_commands())
        names += std::string(name) + " ";
    names.pop_back();
    return replaced(
        replaced(replaced(R"(# bash completion for tokenctl; made by 'tokenctl completion bash'
_tokenctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command= options= words= i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --socket) ((i++)) ;;
            --)
                mapfile -t COMPREPLY < <(compgen -c -- "$current")
                return
                ;;
            -*) ;;
            *) [[ -n $command ]] || command=${COMP_WORDS[i]} ;;
        esac
    done
    case $command,$previous in
        ,--socket)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
@VALUES@        *)
        case $command in
            '') options='--socket --help --version'; words='@NAMES@' ;;
@CASES@            recipes) words='list show check try' ;;
        esac
        ;;
    esac
    [[ $current != -* ]] || words=$options
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _tokenctl tokenctl
)",
                          "@VALUES@", values),
                 "@NAMES@", names),
        "@CASES@", cases);
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
        text += " \\\n                '" + std::string(option.name) + equals + "[" +
                zsh_quoted(option.help) + "]";
        if (!option.value.empty()) text += ":" + std::string(option.value) + ":";
        if (!option.choices.empty()) text += "(" + std::string(option.choices) + ")";
        text += "'";
    }
    if (takes_account(command)) text += " \\\n                '1:account:_tokenctl_accounts'";
    if (!command.choices.empty())
        text += " \\\n                '1:shell:(" + std::string(command.choices) + ")'";
    if (!command.rest.empty()) text += " \\\n                '*::command:_normal'";
    return text;
}

std::string zsh_script() {
    std::string names;
    std::string cases;
    for (const auto& command : commands()) {
        names += "                '" + std::string(command.name) + ":" +
                 zsh_quoted(command.summary) + "'\n";
        cases += "            " + std::string(command.name) +
                 ") _arguments '--help[what it takes]'" + zsh_arguments(command) + " ;;\n";
    }
    for (const auto& [name, summary] : helper_commands()) {
        names += "                '" + std::string(name) + ":" + zsh_quoted(summary) + "'\n";
    }
    return replaced(replaced(R"(#compdef tokenctl
# zsh completion for tokenctl; made by 'tokenctl completion zsh'
_tokenctl_accounts() {
    local -a accounts
    accounts=(${(f)"$(tokenctl completion accounts 2>/dev/null)"})
    compadd -a accounts
}

_tokenctl() {
    local curcontext=$curcontext state line
    _arguments -C '--socket=[the socket of the daemon]:socket:_files' '--help[what there is]' '--version[print it]' \
        '1:command:->command' '*::argument:->argument'
    case $state in
        command)
            local -a names
            names=(
@NAMES@            )
            _describe command names
            ;
    ;
        argument)
            case $words[1] in
@CASES@            recipes) _arguments '1:what:(list show check try)' '*:file:_files' ;
        ;
            *) _files ;
            ;
            esac;
            ;
            esac
}

if
    [[$funcstack [1] == _tokenctl]]; then
    _tokenctl "$@"
else
    compdef _tokenctl tokenctl
fi
)",
                             "@NAMES@", names),
                    "@CASES@", cases);
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
        const std::string seen = complete + "-n '__fish_seen_subcommand_from " + name + "' ";
        text += first + "-a " + name + " -d " + fish_quoted(command.summary) + "\n";
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
