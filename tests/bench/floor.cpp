// The floor: one thread with epoll that receives and answers each request with the same bytes. No
// parsing, no access check, no metrics: what a server on this machine can't go below.
//
//   bench_floor SOCKET BODY_FILE

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

int listen_on(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(listener, 4096) != 0) {
        std::perror("bench_floor");
        return -1;
    }
    return listener;
}

void watch(int events, int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    ::epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event);
}

// One read, one answer for each end of a head in it; false: the peer has gone.
bool answer(int connection, std::string_view reply) {
    std::array<char, 8192> bytes{};
    const ssize_t got = ::recv(connection, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    std::string_view request(bytes.data(), static_cast<std::size_t>(got));
    for (auto end = request.find("\r\n\r\n"); end != std::string_view::npos;
         end = request.find("\r\n\r\n")) {
        if (::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return false;
        request.remove_prefix(end + 4);
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::ifstream file(argv[2]);
    std::ostringstream body;
    body << file.rdbuf();
    const std::string reply =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.str().size()) + "\r\n\r\n" + body.str();
    const int listener = listen_on(argv[1]);
    if (listener < 0) return 1;
    const int events = ::epoll_create1(EPOLL_CLOEXEC);
    watch(events, listener);
    std::array<epoll_event, 64> ready{};
    while (true) {
        const int count = ::epoll_wait(events, ready.data(), ready.size(), -1);
        for (int at = 0; at < count; ++at) {
            const int descriptor = ready[static_cast<std::size_t>(at)].data.fd;
            if (descriptor == listener) {
                const int connection =
                    ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (connection >= 0) watch(events, connection);
            } else if (!answer(descriptor, reply)) {
                ::close(descriptor);
            }
        }
    }
}
