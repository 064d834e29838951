#pragma once

#include <string_view>

// The completion scripts but for what commands() says, which goes where a @WORD@ stands.
namespace tokenbroker::cli {

inline constexpr std::string_view bash_template =
    R"sh(# bash completion for tokenctl; made by 'tokenctl completion bash'
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
                '') options='--socket --help --version' words='@NAMES@' ;;
@CASES@                recipes) words='list show check try' ;;
            esac
            ;;
    esac
    [[ $current != -* ]] || words=$options
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _tokenctl tokenctl
)sh";

inline constexpr std::string_view zsh_template = R"sh(#compdef tokenctl
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
            ;;
        argument)
            case $words[1] in
@CASES@                recipes) _arguments '1:what:(list show check try)' '*:file:_files' ;;
                *) _files ;;
            esac
            ;;
    esac
}

if [[ $funcstack[1] == _tokenctl ]]; then
    _tokenctl "$@"
else
    compdef _tokenctl tokenctl
fi
)sh";

}  // namespace tokenbroker::cli
