#include "upstream/resolve.hpp"

#include <cerrno>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>

namespace tokenbroker::upstream {

Result<std::vector<std::string>> resolve_with_system(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (failed == EAI_SYSTEM) {
        const Error error = system_error("resolving " + host, errno);
        return Error(Errc::resolve_failed, error.message());
    }
    if (failed != 0) {
        return Error(Errc::resolve_failed, "resolving " + host + ": " + ::gai_strerror(failed));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);

    std::vector<std::string> addresses;
    for (const addrinfo* each = all.get(); each != nullptr; each = each->ai_next) {
        char text[NI_MAXHOST];
        if (::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0,
                          NI_NUMERICHOST) == 0) {
            addresses.emplace_back(text);
        }
    }
    if (addresses.empty())
        return Error(Errc::resolve_failed, "resolving " + host + ": it has no address");
    return addresses;
}

}  // namespace tokenbroker::upstream
