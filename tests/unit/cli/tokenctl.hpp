#pragma once

#include "support/process.hpp"
#include "support/stub_daemon.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tokenbroker::cli {

struct Outcome {
    int code = -1;  // of the exit; 128 + the signal where one ended it
    std::string out;
    std::string err;
};

inline Outcome outcome_of(support::Ran ran) {
    const int code = ran.exit.signal != 0 ? 128 + ran.exit.signal : ran.exit.status;
    return {code, std::move(ran.output), std::move(ran.errors)};
}

// Runs the real tokenctl with this socket in its environment, and what else a test wants there.
inline Outcome tokenctl_at(const std::string& socket, const std::vector<std::string>& arguments,
                           std::map<std::string, std::string> environment = {}) {
    std::vector<std::string> command = {TOKENCTL};
    command.insert(command.end(), arguments.begin(), arguments.end());
    environment["TOKENBROKER_SOCKET"] = socket;
    environment["TERM"] = "xterm";
    return outcome_of(support::run(command, environment));
}

inline Outcome tokenctl(const support::StubDaemon& daemon,
                        const std::vector<std::string>& arguments) {
    return tokenctl_at(daemon.path(), arguments);
}

// For what should not reach a daemon at all.
inline Outcome tokenctl_alone(const std::vector<std::string>& arguments) {
    return tokenctl_at("/nonexistent/tokenbroker.sock", arguments);
}

inline std::string problem(int status, const std::string& name, const std::string& detail,
                           const std::string& more_members = {},
                           const std::string& more_head = {}) {
    return support::http_answer(status,
                                R"({"type":"/problems/)" + name + R"(","title":"T","status":)" +
                                    std::to_string(status) + R"(,"detail":")" + detail + "\"" +
                                    more_members + "}",
                                more_head, "application/problem+json");
}

inline bool is_one_line(const std::string& text) {
    return text.starts_with("tokenctl: ") && text.find('\n') == text.size() - 1;
}

}  // namespace tokenbroker::cli
