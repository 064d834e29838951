#include "server_fixture.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tokenbroker::api {
namespace {

void connect_to(int socket, const sockaddr* address, socklen_t size) {
    if (::connect(socket, address, size) != 0) {
        throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
    }
}

}  // namespace

Client::Client(const std::string& path)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connect_to(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Client::Client(std::uint16_t tcp_port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(tcp_port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_to(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent =
            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::string Client::receive() {
    std::string all;
    std::array<char, 65536> piece;
    while (true) {
        const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
        if (got > 0) {
            all.append(piece.data(), static_cast<std::size_t>(got));
            continue;
        }
        if (got == 0 || errno != EAGAIN) closed_ = true;
        return all;
    }
}

bool Client::closed() {
    receive();
    return closed_;
}

void Client::half_close() {
    ::shutdown(socket_.get(), SHUT_WR);
}

void Client::shrink_receive_buffer() {
    const int small = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
}

core::AllowLine allow_any() {
    core::AllowLine line;
    line.any = true;
    return line;
}
core::AllowLine allow_uid(uid_t uid) {
    core::AllowLine line;
    line.uid = uid;
    return line;
}
core::AllowLine allow_gid(gid_t gid) {
    core::AllowLine line;
    line.gid = gid;
    return line;
}
core::AllowLine allow_unit(const std::string& unit) {
    core::AllowLine line;
    line.unit = unit;
    return line;
}

ServerTest::ServerTest(const Limits& limited)
    : limits(limited), account(broker.add("rossum-prod")), nursery(loop.get_executor()) {
    account->set_allow({allow_uid(::getuid())});
    clock.settle_too([this] { return server && server->turn(false); });
}

ServerTest::~ServerTest() {
    if (server && !stopping) stop_server();
    // A loop that is never done would hang the program, not this test alone.
    for (int i = 0; i < 100 && !nursery.empty(); ++i)
        clock.advance(std::chrono::seconds(1));
    EXPECT_TRUE(nursery.empty()) << "the server does not stop";
}

void ServerTest::start_server(bool with_metrics) {
    UnixSocket wanted;
    wanted.path = socket_path();
    auto listener = listen_unix(wanted);
    ASSERT_TRUE(listener.has_value()) << listener.error().message();
    Listener metrics_listener;
    if (with_metrics) {
        auto made = listen_tcp("127.0.0.1", 0);
        ASSERT_TRUE(made.has_value()) << made.error().message();
        metrics_listener = std::move(*made);
        metrics_port = metrics_listener.port();
    }
    const Surroundings around{broker, administration, clock, log, registry};
    server = std::make_unique<Server>(loop.get_executor(), std::move(*listener),
                                      std::move(metrics_listener), around, limits);
    nursery.spawn("server", server->run());
    clock.settle();
}

void ServerTest::stop_server() {
    stopping = true;
    nursery.spawn("stop", server->stop());
    clock.settle();
}

std::string ServerTest::exchange(Client& client, std::string_view request) {
    client.send(request);
    clock.settle();
    return client.receive();
}

std::string ServerTest::ask(std::string_view request) {
    Client client = connect();
    return exchange(client, request);
}

std::string get_request(const std::string& target, const std::string& headers) {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

std::string ServerTest::get(const std::string& target, const std::string& headers) {
    return ask(get_request(target, headers));
}

std::string ServerTest::post(const std::string& target, const std::string& body) {
    return ask("POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body);
}

std::size_t watched_descriptors() {
    std::size_t watched = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
        std::ifstream info(entry.path());
        for (std::string line; std::getline(info, line);)
            if (line.starts_with("tfd:")) ++watched;
    }
    return watched;
}

unsigned status_of(std::string_view answer) {
    if (answer.substr(0, 9) != "HTTP/1.1 " || answer.size() < 12) return 0;
    return static_cast<unsigned>(std::stoul(std::string(answer.substr(9, 3))));
}

std::string body_of(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

}  // namespace tokenbroker::api
