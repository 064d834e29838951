#include "bench/load.hpp"

#include "support/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tokenbroker::bench {

namespace {

using Clock = std::chrono::steady_clock;

double micros(Clock::duration duration) {
    return std::chrono::duration<double, std::micro>(duration).count();
}

// Ticks of all processors that were not idle, in seconds.
double busy_seconds() {
    std::ifstream file("/proc/stat");
    std::string cpu;
    std::array<double, 8> ticks{};
    file >> cpu;
    for (double& tick : ticks)
        file >> tick;
    const double all = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
    return all / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double own_cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

class Client {
public:
    explicit Client(const LoadPlan& plan) : plan_(plan), events_(::epoll_create1(EPOLL_CLOEXEC)) {
        address_.sun_family = AF_UNIX;
        std::ranges::copy(plan.socket, address_.sun_path);
        connections_.resize(plan.connections);
        took_.reserve(plan.requests);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        for (const Connection& connection : connections_) {
            if (connection.socket >= 0) ::close(connection.socket);
        }
        ::close(events_);
    }

    // Until `requests` more have been answered; how long each took, in microseconds.
    std::vector<double> run(std::size_t requests) {
        took_.clear();
        left_to_send_ = requests;
        for (std::size_t index = 0; index < connections_.size(); ++index)
            start(index);
        std::array<epoll_event, 64> ready{};
        while (took_.size() < requests) {
            const int count = ::epoll_wait(events_, ready.data(), ready.size(), 10'000);
            if (count <= 0) throw std::runtime_error("the server does not answer");
            for (int at = 0; at < count; ++at)
                receive(ready[static_cast<std::size_t>(at)].data.u64);
        }
        return took_;
    }

private:
    struct Connection {
        int socket = -1;
        Clock::time_point begun;
        std::string got;
    };

    void start(std::size_t index) {
        if (left_to_send_ == 0) return;
        --left_to_send_;
        Connection& connection = connections_[index];
        connection.begun = Clock::now();
        connection.got.clear();
        if (connection.socket < 0) open(connection, index);
        const std::string& request = plan_.request;
        if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size())) {
            throw std::runtime_error("can't send");
        }
    }

    void open(Connection& connection, std::size_t index) {
        connection.socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        while (::connect(connection.socket, reinterpret_cast<const sockaddr*>(&address_),
                         sizeof(address_)) != 0) {
            if (errno != EAGAIN)
                throw std::runtime_error(std::string("connecting: ") + std::strerror(errno));
        }
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        ::epoll_ctl(events_, EPOLL_CTL_ADD, connection.socket, &event);
    }

    void receive(std::size_t index) {
        Connection& connection = connections_[index];
        std::array<char, 16384> bytes{};
        const ssize_t got = ::recv(connection.socket, bytes.data(), bytes.size(), 0);
        if (got <= 0) throw std::runtime_error("the server closed a connection: " + connection.got);
        connection.got.append(bytes.data(), static_cast<std::size_t>(got));
        const auto head = connection.got.find("\r\n\r\n");
        if (head == std::string::npos || connection.got.size() < head + 4 + plan_.body.size())
            return;
        if (!connection.got.starts_with("HTTP/1.1 200") || !connection.got.ends_with(plan_.body)) {
            throw std::runtime_error("a wrong answer: " + connection.got.substr(0, 400));
        }
        took_.push_back(micros(Clock::now() - connection.begun));
        if (plan_.one_shot) {
            ::close(connection.socket);
            connection.socket = -1;
        }
        start(index);
    }

    const LoadPlan& plan_;
    int events_;
    sockaddr_un address_{};
    std::vector<Connection> connections_;
    std::vector<double> took_;
    std::size_t left_to_send_ = 0;
};

}  // namespace

Load run_load(const LoadPlan& plan) {
    Client client(plan);
    client.run(plan.requests / 20 + plan.connections);  // warm

    const double busy = busy_seconds();
    const double own = own_cpu_seconds();
    const auto server = support::cpu_time(plan.server);
    const auto start = Clock::now();
    std::vector<double> took = client.run(plan.requests);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const double server_seconds =
        std::chrono::duration<double>(support::cpu_time(plan.server) - server).count();
    const double own_seconds = own_cpu_seconds() - own;

    std::ranges::sort(took);
    const auto at = [&](double part) {
        return took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))];
    };
    const auto requests = static_cast<double>(plan.requests);
    Load load;
    load.requests_per_second = requests / seconds;
    load.p50 = at(0.5);
    load.p99 = at(0.99);
    load.p999 = at(0.999);
    load.server_cpu = server_seconds * 1e6 / requests;
    load.server_share = server_seconds / seconds;
    load.client_share = own_seconds / seconds;
    load.others = std::max(0.0, (busy_seconds() - busy - server_seconds - own_seconds) / seconds);
    return load;
}

}  // namespace tokenbroker::bench
