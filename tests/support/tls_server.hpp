#pragma once

#include "support/certificates.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::support {

// How a server's side of TLS is set up.
struct ServerTls {
    Certificate certificate;
    std::string client_authority;  // PEM; not empty: the client must show a certificate of it
    bool only_tls_1_1 = false;
};

// One accepted connection, on the server's thread. It is there for tests of a client: it does what
// the script says, however rude, and blocks meanwhile.
class ServerConnection {
public:
    explicit ServerConnection(int descriptor);
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;
    ~ServerConnection();

    bool start_tls(const ServerTls& settings);
    [[nodiscard]] std::string server_name() const;  // SNI; empty: none was sent

    // The next request: its head, and a body of Content-Length. Empty: the client went away.
    std::string request();
    // False: the client went away.
    bool write(std::string_view bytes);
    // A byte now and then, until the client goes away.
    void drip(std::string_view bytes);
    // Blocks until the client goes away.
    void wait_until_gone();

    void close();  // with what TLS says at the end
    void cut();    // without it
    void reset();  // RST

private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
};

// A server on 127.0.0.1 in a thread of its own; connections one after the other.
class TestServer {
public:
    using Script = std::function<void(ServerConnection&)>;

    // Plain TCP; the script may start_tls().
    explicit TestServer(Script script);
    // With the handshake done before the script; where it fails the script is not called.
    TestServer(ServerTls tls, Script script);
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;
    ~TestServer();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] unsigned connections() const;

private:
    struct State;
    std::unique_ptr<State> state_;
    std::uint16_t port_ = 0;
};

}  // namespace tokenbroker::support
