#include "cli/command.hpp"

#include <array>

namespace tokenbroker::cli {

namespace {

constexpr std::array get_options = {
    OptionSpec{"--min-ttl", "D", "the token must live at least this long (250ms, 30s, 5m, 2h, 7d)"},
    OptionSpec{"--wait", "D",
               "wait so long for a token that is not there yet (0s to 60s; default 5s)"},
    OptionSpec{"--format", "FORMAT",
               "raw (default): the token; json; header: 'Name: value'; env: 'NAME=value'",
               "raw json header env"},
};
constexpr std::array status_options = {
    OptionSpec{"--json", "", "as the daemon says it, for programs"},
    OptionSpec{"--watch", "", "keep it up to date until interrupted"},
};
constexpr std::array exec_options = {
    OptionSpec{"--env", "NAME", "the variable to put the token in (default ACCESS_TOKEN)"},
};
constexpr std::array reject_options = {
    OptionSpec{"--generation", "N", "of the token that was refused (default: the one now)"},
};
constexpr std::array refresh_options = {
    OptionSpec{"--wait", "D", "wait so long for it (0s to 60s)"},
};
constexpr std::array resume_options = {
    OptionSpec{"--clear-throttle", "", "forget a Retry-After of the upstream too"},
};
constexpr std::array access_options = {
    OptionSpec{"--as-uid", "N", "admin: for a process of that user"},
};
constexpr std::array health_options = {
    OptionSpec{"--ready", "", "whether it serves, rather than whether it lives"},
    OptionSpec{"--strict", "", "whether every account has a valid token"},
};

constexpr std::array table = {
    CommandSpec{"get", "ACCOUNT", 1, 1, "print the account's token", get_options, run_get},
    CommandSpec{"status", "[ACCOUNT]", 0, 1, "show accounts, their tokens and logins",
                status_options, run_status},
    CommandSpec{"watch",
                "ACCOUNT",
                1,
                1,
                "print the token now and each new one, as lines of JSON",
                {},
                run_watch},
    CommandSpec{"exec", "ACCOUNT", 1, 1, "run a command with the token in its environment",
                exec_options, run_exec, "COMMAND [ARGUMENT...]"},
    CommandSpec{"reject", "ACCOUNT", 1, 1, "tell the broker that the upstream refused the token",
                reject_options, run_reject},
    CommandSpec{"refresh", "ACCOUNT", 1, 1, "admin: get a new token now", refresh_options,
                run_refresh},
    CommandSpec{"resume", "ACCOUNT", 1, 1,
                "admin: log in again after a refused password was mended", resume_options,
                run_resume},
    CommandSpec{"revoke",
                "ACCOUNT",
                1,
                1,
                "admin: end the token at the upstream and get a new one",
                {},
                run_revoke},
    CommandSpec{"reload", "", 0, 0, "admin: read the configuration anew", {}, run_reload},
    CommandSpec{"access", "ACCOUNT", 1, 1, "say who may use the account, and why", access_options,
                run_access},
    CommandSpec{"health", "", 0, 0, "for probes: exit 0 or 1 within a second", health_options,
                run_health},
    CommandSpec{"completion",
                "SHELL",
                1,
                1,
                "print a completion script: bash, zsh or fish",
                {},
                run_completion,
                {},
                "bash zsh fish"},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> helper_table = {{
    {"provision", "create a service account at an upstream"},
    {"recipes", "list, show, check and try what the broker can log in to"},
}};

}  // namespace

std::span<const CommandSpec> commands() {
    return table;
}
std::span<const std::pair<std::string_view, std::string_view>> helper_commands() {
    return helper_table;
}

}  // namespace tokenbroker::cli
