#include "support/daemon_process.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tokenbroker::support {

namespace json = boost::json;

namespace {

constexpr auto ready_limit = std::chrono::seconds(30);
constexpr auto stop_limit = std::chrono::seconds(6);

int listen_for_notifications(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0 ||
        ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw std::runtime_error("can't bind " + path);
    }
    return socket;
}

std::string tail(const std::string& text) {
    return text.size() > 3000 ? text.substr(text.size() - 3000) : text;
}

}  // namespace

std::string daemon_program() {
    const char* other = std::getenv("TOKENBROKERD_UNDER_TEST");
    return other != nullptr ? other : TOKENBROKERD;
}

DaemonProcess::DaemonProcess(const TempDir& folder)
    : folder_(folder),
      socket_(folder / "tb.sock"),
      config_file_(folder / "tokenbroker.yaml"),
      notify_path_(folder / "notify"),
      notify_(listen_for_notifications(notify_path_)) {
    folder.make_folder("state");
    listener_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
}

DaemonProcess::~DaemonProcess() {
    ::close(notify_);
}

void DaemonProcess::configure(const std::string& yaml) {
    const std::string ours = "socket: { path: " + socket_ +
                             ", mode: \"0666\" }\nstate: { directory: " + state_folder() +
                             " }\nlog: { level: trace, format: json }\n";
    folder_.write("tokenbroker.yaml", ours + yaml);
}

void DaemonProcess::launch(const std::map<std::string, std::string>& environment) {
    Process::Options options;
    options.argv = {daemon_program(), "--config", config_file_};
    options.environment = environment;
    options.environment["NOTIFY_SOCKET"] = notify_path_;
    options.error_file = folder_ / "daemon.log";
    options.output_file = folder_ / "daemon.out";
    options.descriptors = descriptors_;
    {
        const std::scoped_lock lock(mutex_);
        notifications_.clear();
    }
    process_ = Process(options);
}

void DaemonProcess::start(const std::map<std::string, std::string>& environment) {
    launch(environment);
    const bool told = eventually(ready_limit, [&] {
        return notifications().find("READY=1") != std::string::npos || !process_.running();
    });
    if (!process_.running()) throw std::runtime_error("the daemon ended at start:\n" + tail(log()));
    if (told) return;
    throw std::runtime_error("the daemon did not get ready:\n" + tail(log()));
}

Exit DaemonProcess::stop() {
    process_.signal(SIGTERM);
    const auto exit = process_.wait(stop_limit);
    if (!exit) throw std::runtime_error("the daemon did not stop in time:\n" + tail(log()));
    return *exit;
}

std::string DaemonProcess::notifications() const {
    const std::scoped_lock lock(mutex_);
    return notifications_;
}

void DaemonProcess::listen(const std::stop_token& stop) {
    constexpr int look_up = 50;  // ms
    while (!stop.stop_requested()) {
        pollfd ready{notify_, POLLIN, 0};
        if (::poll(&ready, 1, look_up) <= 0) continue;
        std::array<char, 4096> bytes{};
        const ssize_t got = ::recv(notify_, bytes.data(), bytes.size(), 0);
        if (got <= 0) continue;
        const std::scoped_lock lock(mutex_);
        notifications_.append(bytes.data(), static_cast<std::size_t>(got)).append("\n");
    }
}

json::value DaemonProcess::status(const std::string& account) const {
    const HttpAnswer answer = get("/v1/accounts/" + account);
    if (answer.status != 200) throw std::runtime_error("status: " + answer.head + answer.body);
    return json::parse(answer.body);
}

std::string DaemonProcess::login_state(const std::string& account) const {
    return std::string(status(account).at("login").at("state").as_string());
}

}  // namespace tokenbroker::support
