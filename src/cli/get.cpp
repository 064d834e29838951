#include "cli/command.hpp"
#include "cli/format.hpp"
#include "cli/output.hpp"
#include "cli/values.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace tokenbroker::cli {

int run_get(const client::Client& client, const Arguments& arguments) {
    const auto min_ttl = duration_option(arguments, "--min-ttl");
    if (!min_ttl) return fail(min_ttl.error(), {});
    const auto wait = duration_option(arguments, "--wait");
    if (!wait) return fail(wait.error(), {});

    const auto account = arguments.positional[0];
    const auto token = client.get(account, {min_ttl->value_or(client::Milliseconds(0)), *wait});
    if (!token) return fail(token.error(), account);
    return print(formatted(*token, arguments.value("--format").value_or("raw")));
}

int run_exec(const client::Client& client, const Arguments& arguments) {
    // As env(1) and nohup(1) have them, to be told from the command's own.
    constexpr int exit_not_runnable = 126;
    constexpr int exit_not_found = 127;

    const std::string variable(arguments.value("--env").value_or("ACCESS_TOKEN"));
    if (!is_variable_name(variable)) {
        return fail(exit_usage,
                    "--env wants a variable's name (letters, digits, '_'), not '" + variable + "'");
    }
    const auto account = arguments.positional[0];
    const auto token = client.get(account);
    if (!token) return fail(token.error(), account);
    if (setenv(variable.c_str(), token->access_token.c_str(), 1) != 0)
        return fail(exit_failed, "no memory");
    execvp(arguments.rest[0], arguments.rest);
    const int code = errno == ENOENT ? exit_not_found : exit_not_runnable;
    return fail(code,
                std::string("can't run '") + arguments.rest[0] + "': " + strerrordesc_np(errno));
}

}  // namespace tokenbroker::cli
