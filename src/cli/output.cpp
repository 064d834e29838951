#include "cli/output.hpp"

#include "cli/format.hpp"
#include "client/json.hpp"
#include "client/text.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace tokenbroker::cli {

namespace {

int write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto written = write(descriptor, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

// When the broker asks the upstream again: ", next attempt in 42s".
std::string next_attempt(const client::Error& error, const client::Json& problem) {
    if (const auto at = client::parse_time(problem["login"]["retry_at"].text())) {
        return "; next attempt " + in_time(*at, client::wall_time());
    }
    if (error.retry_after) return "; ask again in " + human(*error.retry_after);
    return {};
}

}  // namespace

int print(std::string_view text) {
    const int error = write_all(STDOUT_FILENO, text);
    if (error == 0) return exit_done;
    return fail(exit_failed, std::string("writing the output: ") + strerrordesc_np(error));
}

int fail(int code, std::string_view message) {
    const std::string prefix =
        coloured(STDERR_FILENO) ? paint(Colour::red, "tokenctl:") : "tokenctl:";
    write_all(STDERR_FILENO, prefix + " " + client::one_line(message) + "\n");
    return code;
}

int fail(const client::Error& error, std::string_view account) {
    return fail(static_cast<int>(error.kind), explain(error, account));
}

std::string explain(const client::Error& error, std::string_view account) {
    const std::string name(account);
    if (error.status == 0) return error.message;
    switch (error.kind) {
        case client::ErrorKind::no_token: {
            const auto problem = client::Json::parse(error.body).value_or(client::Json());
            std::string text = error.message + next_attempt(error, problem);
            if (problem["login"]["state"].text() == "suspended") {
                text +=
                    "; mend what is wrong, then an admin may run 'tokenctl resume " + name + "'";
            } else if (!account.empty()) {
                text += "; see 'tokenctl status " + name + "'";
            }
            return text;
        }
        case client::ErrorKind::access_denied:
            if (account.empty()) return error.message;
            return error.message + "; 'tokenctl access " + name + "' says who may";
        case client::ErrorKind::unknown_account:
            return error.message + "; 'tokenctl status' lists the accounts";
        default:
            return error.message;
    }
}

bool coloured(int descriptor) {
    const char* no_color = std::getenv("NO_COLOR");
    if (no_color != nullptr && *no_color != '\0') return false;
    const char* terminal = std::getenv("TERM");
    if (terminal == nullptr || std::strcmp(terminal, "dumb") == 0) return false;
    return isatty(descriptor) == 1;
}

std::string paint(Colour colour, std::string_view text) {
    const char* begin = "";
    switch (colour) {
        case Colour::none:
            return std::string(text);
        case Colour::red:
            begin = "\033[31m";
            break;
        case Colour::green:
            begin = "\033[32m";
            break;
        case Colour::yellow:
            begin = "\033[33m";
            break;
        case Colour::bold:
            begin = "\033[1m";
            break;
    }
    return begin + std::string(text) + "\033[0m";
}

}  // namespace tokenbroker::cli
