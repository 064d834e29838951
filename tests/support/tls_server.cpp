#include "support/tls_server.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace tokenbroker::support {
namespace {

struct Free {
    void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { ::SSL_free(ssl); }
    void operator()(X509* certificate) const { ::X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
    void operator()(BIO* bio) const { ::BIO_free(bio); }
};

std::unique_ptr<BIO, Free> bio_of(const std::string& text) {
    return std::unique_ptr<BIO, Free>(
        ::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::unique_ptr<X509, Free> certificate_of(const std::string& pem) {
    const auto bio = bio_of(pem);
    return std::unique_ptr<X509, Free>(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

std::unique_ptr<SSL_CTX, Free> context_of(const ServerTls& settings) {
    std::unique_ptr<SSL_CTX, Free> context(::SSL_CTX_new(::TLS_server_method()));
    const auto certificate = certificate_of(settings.certificate.certificate);
    const auto bio = bio_of(settings.certificate.key);
    const std::unique_ptr<EVP_PKEY, Free> key(
        ::PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    ::SSL_CTX_use_certificate(context.get(), certificate.get());
    ::SSL_CTX_use_PrivateKey(context.get(), key.get());
    if (settings.only_tls_1_1) {
        ::SSL_CTX_set_cipher_list(context.get(), "DEFAULT@SECLEVEL=0");
        ::SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_1_VERSION, nullptr);
        ::SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_MAX_PROTO_VERSION, TLS1_1_VERSION, nullptr);
    }
    if (!settings.client_authority.empty()) {
        const auto authority = certificate_of(settings.client_authority);
        ::X509_STORE_add_cert(::SSL_CTX_get_cert_store(context.get()), authority.get());
        ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                             nullptr);
    }
    return context;
}

}  // namespace

struct ServerConnection::Stream {
    int descriptor = -1;
    std::unique_ptr<SSL_CTX, Free> context;
    std::unique_ptr<SSL, Free> ssl;
    std::string pending;

    // Whether there was something to read.
    bool read() {
        char buffer[16 * 1024];
        const auto got = ssl ? ::SSL_read(ssl.get(), buffer, sizeof buffer)
                             : static_cast<int>(::recv(descriptor, buffer, sizeof buffer, 0));
        if (got <= 0) return false;
        pending.append(buffer, static_cast<std::size_t>(got));
        return true;
    }
    void close() {
        ssl.reset();
        if (descriptor >= 0) ::close(descriptor);
        descriptor = -1;
    }
};

ServerConnection::ServerConnection(int descriptor) : stream_(std::make_unique<Stream>()) {
    stream_->descriptor = descriptor;
    // A reset would take with it what waits to be sent.
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
ServerConnection::~ServerConnection() {
    stream_->close();
}

bool ServerConnection::start_tls(const ServerTls& settings) {
    stream_->context = context_of(settings);
    stream_->ssl.reset(::SSL_new(stream_->context.get()));
    ::SSL_set_fd(stream_->ssl.get(), stream_->descriptor);
    return ::SSL_accept(stream_->ssl.get()) == 1;
}

std::string ServerConnection::server_name() const {
    const char* name = ::SSL_get_servername(stream_->ssl.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
}

std::string ServerConnection::request() {
    std::string& text = stream_->pending;
    std::size_t head = 0;
    while ((head = text.find("\r\n\r\n")) == std::string::npos) {
        if (!stream_->read()) return {};
    }
    std::size_t size = head + 4;
    constexpr std::string_view length = "Content-Length: ";
    if (const auto at = text.find(length); at < head)
        size += std::stoul(text.substr(at + length.size()));
    while (text.size() < size) {
        if (!stream_->read()) return {};
    }
    std::string request = text.substr(0, size);
    text.erase(0, size);
    return request;
}

bool ServerConnection::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto part = bytes.substr(0, 16 * 1024);
        const auto written =
            stream_->ssl
                ? ::SSL_write(stream_->ssl.get(), part.data(), static_cast<int>(part.size()))
                : static_cast<int>(
                      ::send(stream_->descriptor, part.data(), part.size(), MSG_NOSIGNAL));
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void ServerConnection::drip(std::string_view bytes) {
    for (const char& byte : bytes) {
        pollfd gone{stream_->descriptor, POLLIN | POLLRDHUP, 0};
        if (::poll(&gone, 1, 2) > 0 || !write({&byte, 1})) return;
    }
}

void ServerConnection::wait_until_gone() {
    while (stream_->read()) {
    }
}

void ServerConnection::close() {
    if (stream_->ssl) ::SSL_shutdown(stream_->ssl.get());
    stream_->close();
}

void ServerConnection::cut() {
    stream_->close();
}

void ServerConnection::reset() {
    const linger at_once{1, 0};
    ::setsockopt(stream_->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    stream_->close();
}

struct TestServer::State {
    Script script;
    int listener = -1;
    std::atomic<unsigned> connections{0};
    std::atomic<bool> stopping{false};
    std::mutex mutex;
    int current = -1;  // a duplicate, to end a connection whose script still waits
    std::thread thread;

    void serve() {
        while (true) {
            const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (accepted < 0) return;
            {
                const std::lock_guard lock(mutex);
                current = ::dup(accepted);
                if (stopping) ::shutdown(current, SHUT_RDWR);
            }
            ++connections;
            {
                ServerConnection connection(accepted);
                script(connection);
            }
            const std::lock_guard lock(mutex);
            ::close(current);
            current = -1;
        }
    }
};

TestServer::TestServer(Script script) : state_(std::make_unique<State>()) {
    // OpenSSL writes without MSG_NOSIGNAL.
    ::signal(SIGPIPE, SIG_IGN);
    state_->script = std::move(script);
    state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(state_->listener, generic, size) != 0 || ::listen(state_->listener, 16) != 0 ||
        ::getsockname(state_->listener, generic, &size) != 0) {
        throw std::runtime_error("no port to listen on");
    }
    port_ = ::ntohs(address.sin_port);
    state_->thread = std::thread([state = state_.get()] { state->serve(); });
}

TestServer::TestServer(ServerTls tls, Script script)
    : TestServer([tls = std::move(tls), script = std::move(script)](ServerConnection& connection) {
          if (connection.start_tls(tls)) script(connection);
      }) {}

TestServer::~TestServer() {
    state_->stopping = true;
    ::shutdown(state_->listener, SHUT_RDWR);
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->current >= 0) ::shutdown(state_->current, SHUT_RDWR);
    }
    state_->thread.join();
    ::close(state_->listener);
}

unsigned TestServer::connections() const {
    return state_->connections;
}

}  // namespace tokenbroker::support
