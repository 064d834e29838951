#include "cli/command.hpp"
#include "cli/output.hpp"

#include <algorithm>

namespace tokenbroker::cli {

namespace {

// What a watch outlasts: a token that is missing for now, a daemon that went away after it was
// there.
bool passes(const client::Error& error, bool seen_any) {
    return error.kind == client::ErrorKind::no_token ||
           (seen_any && error.kind == client::ErrorKind::unreachable);
}

}  // namespace

int run_watch(const client::Client& client, const Arguments& arguments) {
    const auto account = arguments.positional[0];
    client::Watch watch(client, std::string(account));
    bool seen_any = false;
    for (;;) {
        const auto news = watch.next();
        if (news) {
            std::string line = news->json;
            std::replace(line.begin(), line.end(), '\n', ' ');
            if (const int code = print(line + "\n"); code != exit_done) return code;
        } else {
            const int code = fail(news.error(), account);
            if (!passes(news.error(), seen_any)) return code;
        }
        seen_any = true;
    }
}

}  // namespace tokenbroker::cli
