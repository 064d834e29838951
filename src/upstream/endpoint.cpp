#include "upstream/endpoint.hpp"

namespace tokenbroker::upstream {
namespace {

std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

std::string HostAndPort::text() const {
    return bracketed(host) + ":" + std::to_string(port);
}

std::string Endpoint::authority() const {
    const std::uint16_t usual = tls ? 443 : 80;
    return at.port == usual ? bracketed(at.host) : at.text();
}

}  // namespace tokenbroker::upstream
