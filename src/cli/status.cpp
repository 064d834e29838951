#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/status_table.hpp"
#include "client/json.hpp"

#include <chrono>
#include <cstdlib>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace tokenbroker::cli {

namespace {

constexpr std::chrono::seconds between_looks{1};

client::Result<std::string> fetch(const client::Client& client, const Arguments& arguments) {
    return arguments.positional.empty() ? client.accounts()
                                        : client.account(arguments.positional[0]);
}

std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::string as_table(const std::string& answer) {
    const auto document = client::Json::parse(answer);
    if (!document) return {};
    const TableStyle style{coloured(STDOUT_FILENO), terminal_width()};
    const auto now = client::wall_time();
    const auto& accounts = (*document)["accounts"];
    if (accounts.type() != client::Json::Type::array)
        return status_table({&*document, 1}, now, style);
    if (accounts.items().empty()) return "There is no account that you may use.\n";
    return status_table(accounts.items(), now, style);
}

int show(const std::string& answer, bool json) {
    if (json) return print(answer + "\n");
    const std::string table = as_table(answer);
    if (table.empty())
        return fail(exit_failed, "the daemon's answer is not JSON: is this socket tokenbroker's?");
    return print(table);
}

// Redraws a terminal each second, for the times to pass; elsewhere prints what changed.
int watch_status(const client::Client& client, const Arguments& arguments) {
    constexpr std::string_view to_top_and_clear = "\033[H\033[2J";
    const bool json = arguments.has("--json");
    const bool redraws = !json && isatty(STDOUT_FILENO) == 1;
    std::string last;
    bool seen_any = false;
    for (;; std::this_thread::sleep_for(between_looks)) {
        const auto answer = fetch(client, arguments);
        if (!answer) {
            const bool passes =
                seen_any && (answer.error().kind == client::ErrorKind::unreachable ||
                             answer.error().kind == client::ErrorKind::no_token);
            const std::string_view account =
                arguments.positional.empty() ? "" : arguments.positional[0];
            if (!passes) return fail(answer.error(), account);
            const std::string text = explain(answer.error(), account);
            if (redraws || text != last) fail(exit_failed, text);
            last = text;
            continue;
        }
        seen_any = true;
        if (!redraws && *answer == last) continue;
        last = *answer;
        if (redraws) {
            if (const int code = print(to_top_and_clear); code != exit_done) return code;
        }
        if (const int code = show(*answer, json); code != exit_done) return code;
    }
}

}  // namespace

int run_status(const client::Client& client, const Arguments& arguments) {
    if (arguments.has("--watch")) return watch_status(client, arguments);
    const auto answer = fetch(client, arguments);
    if (!answer)
        return fail(answer.error(), arguments.positional.empty() ? "" : arguments.positional[0]);
    return show(*answer, arguments.has("--json"));
}

}  // namespace tokenbroker::cli
