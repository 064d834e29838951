#pragma once

#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "support/unix_http.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace tokenbroker::support {

// The path of tokenbrokerd: that of this build, or $TOKENBROKERD_UNDER_TEST (an installed one).
std::string daemon_program();

// tokenbrokerd as a child: its configuration, socket, state and log in one folder, started and
// stopped as often as a test wants. It is ready when it says so on $NOTIFY_SOCKET.
class DaemonProcess {
public:
    explicit DaemonProcess(const TempDir& folder);
    ~DaemonProcess();
    DaemonProcess(const DaemonProcess&) = delete;
    DaemonProcess& operator=(const DaemonProcess&) = delete;

    // `yaml` without socket, state and log: those are added. Written, not yet read by the daemon.
    void configure(const std::string& yaml);
    // Until READY=1. Throws, with the log's end, where it ends or does not come up.
    void start(const std::map<std::string, std::string>& environment = {});
    // The same without waiting for anything.
    void launch(const std::map<std::string, std::string>& environment = {});
    // RLIMIT_NOFILE, soft and hard, of the next start; 0: as ours.
    void limit_descriptors(unsigned descriptors) { descriptors_ = descriptors; }
    // SIGTERM; the exit. Throws where it takes longer than the 5 s that are promised (and one
    // more).
    Exit stop();
    void kill() { process_.kill(); }
    [[nodiscard]] Process& process() { return process_; }
    [[nodiscard]] pid_t process_id() const { return process_.pid(); }

    [[nodiscard]] const std::string& socket() const { return socket_; }
    [[nodiscard]] const std::string& config_file() const { return config_file_; }
    [[nodiscard]] std::string state_folder() const { return folder_ / "state"; }
    [[nodiscard]] std::string log() const { return read_file(folder_ / "daemon.log"); }

    [[nodiscard]] HttpAnswer get(const std::string& target, const Headers& headers = {}) const {
        return http_get(socket_, target, headers);
    }
    HttpAnswer post(const std::string& target, const std::string& body = "") const {
        return http(socket_, "POST", target, body);
    }
    // GET .../token; `query` as "?wait=1s".
    [[nodiscard]] HttpAnswer token(const std::string& account,
                                   const std::string& query = "") const {
        return get("/v1/accounts/" + account + "/token" + query);
    }
    // The account's object, as GET /v1/accounts/{account} says it.
    [[nodiscard]] boost::json::value status(const std::string& account) const;
    // Its login.state.
    [[nodiscard]] std::string login_state(const std::string& account) const;
    // All that the daemon has told its supervisor since its last start, a line each.
    [[nodiscard]] std::string notifications() const;

private:
    void listen(const std::stop_token& stop);

    const TempDir& folder_;
    std::string socket_;
    std::string config_file_;
    std::string notify_path_;
    int notify_ = -1;
    unsigned descriptors_ = 0;
    Process process_;
    mutable std::mutex mutex_;
    std::string notifications_;
    std::jthread listener_;  // the socket's queue is short, and a full one would hold the daemon up
};

}  // namespace tokenbroker::support
