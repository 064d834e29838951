#pragma once

#include "support/daemon_process.hpp"
#include "support/sandbox_process.hpp"
#include "support/temp_dir.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace tokenbroker::integration {

using namespace std::chrono_literals;
using namespace tokenbroker::support;

// One account of a configuration, as YAML. What a test does not say is what makes it run at once.
struct Account {
    std::string name = "rossum";
    std::string recipe = "rossum";
    std::string inputs{};  // of the flow map, beside those that the recipe needs for the sandbox's
                           // own accounts
    std::string more{};    // further members, each line indented by four spaces
    std::string allow = "[ any ]";
    std::string username{};  // another than the sandbox's own; its password is in the folder's file
                             // NAME.password
};

// A folder, a stand-in upstream and a daemon of its own for each test.
struct World {
    explicit World(const std::vector<std::string>& sandbox_options = {})
        : sandbox(folder, sandbox_options), daemon(folder) {}

    // Writes the accounts' password files and the configuration; `top` are further top-level lines.
    void configure(const std::vector<Account>& accounts, const std::string& top = "");
    // The same, and the daemon runs.
    void start(const std::vector<Account>& accounts, const std::string& top = "") {
        configure(accounts, top);
        daemon.start();
    }
    [[nodiscard]] std::string account_yaml(const Account& account) const;
    // The account's login.last_error; "" where there is none.
    [[nodiscard]] std::string error_kind(const std::string& account) const;
    [[nodiscard]] std::string error_message(const std::string& account) const;
    // The status that a path of the upstream answers to the token, sent as the broker says.
    [[nodiscard]] int use(const HttpAnswer& token, const std::string& path) const;
    void write_password(const std::string& account, const std::string& password) const {
        folder.write(account + ".password", password + "\n");
    }

    // tokenctl, told of the daemon's socket.
    [[nodiscard]] Ran tokenctl(std::vector<std::string> words) const;
    // The value of a series of /metrics; -1: there is none.
    [[nodiscard]] double metric(const std::string& series) const;
    // The lines of the log that say all of this.
    [[nodiscard]] std::size_t logged(const std::vector<std::string>& all) const;

    TempDir folder;
    SandboxProcess sandbox;
    DaemonProcess daemon;
};

// A member of an answer's JSON body: member(answer, "login", "state").
template <class... Names>
boost::json::value member(const boost::json::value& value, Names... names) {
    const boost::json::value* at = &value;
    ((at = &at->at(names)), ...);
    return *at;
}
boost::json::value body_of(const HttpAnswer& answer);
std::string text(const boost::json::value& value);
std::string token_of(const HttpAnswer& answer);
std::uint64_t generation_of(const HttpAnswer& answer);

double expiry_of(const HttpAnswer& answer);  // Unix seconds

// Unix seconds now.
double now_seconds();
// The most of these times that any window of so many seconds holds.
std::size_t fullest_window(std::vector<double> at, double seconds);

// Retries in seconds where the defaults are minutes, and a budget that is never in the way.
extern const char* const impatient;

}  // namespace tokenbroker::integration
