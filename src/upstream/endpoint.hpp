#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

// Where an account's requests go and how: values, made from the configuration.
namespace tokenbroker::upstream {

struct HostAndPort {
    HostAndPort() = default;
    HostAndPort(std::string name, std::uint16_t number) : host(std::move(name)), port(number) {}

    std::string host;  // a name or an IP address; IPv6 without brackets
    std::uint16_t port = 0;

    [[nodiscard]] std::string text() const;  // "host:port", IPv6 with brackets

    bool operator==(const HostAndPort&) const = default;
};

// Empty: the system's certificates, no client certificate, the endpoint's own host name.
struct Tls {
    std::string ca_file;             // PEM; trusted in the place of the system's certificates
    std::string client_certificate;  // PEM, with the chain after it
    std::string client_key;          // PEM, not encrypted
    std::string server_name;         // sent as SNI, and what the certificate must be for

    bool operator==(const Tls&) const = default;
};

// What each phase of an exchange may take. The defaults are the product's; tests hand in their own.
struct Deadlines {
    Milliseconds prepare = std::chrono::seconds(5);     // reading the TLS files
    Milliseconds resolve = std::chrono::seconds(5);     // a dead name server costs no more
    Milliseconds connect = std::chrono::seconds(5);     // for each address in turn
    Milliseconds proxy = std::chrono::seconds(10);      // the proxy's answer to CONNECT
    Milliseconds handshake = std::chrono::seconds(10);  // TLS
    Milliseconds whole = std::chrono::seconds(30);      // all of it, the answer included

    bool operator==(const Deadlines&) const = default;
};

// In bytes; an answer over either is an error.
struct Limits {
    std::uint32_t head = 65'536;
    std::uint64_t body = 1'048'576;

    bool operator==(const Limits&) const = default;
};

struct Endpoint {
    bool tls = true;  // false: plain HTTP (`insecure_http`)
    HostAndPort at;
    std::optional<HostAndPort> proxy;  // spoken to in plain HTTP, asked to CONNECT
    Tls trust;
    Deadlines deadlines;
    Limits limits;

    // The value of the Host header: without the port where it is the scheme's own.
    [[nodiscard]] std::string authority() const;

    bool operator==(const Endpoint&) const = default;
};

}  // namespace tokenbroker::upstream
