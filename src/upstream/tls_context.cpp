#include "upstream/tls_context.hpp"

#include <boost/asio/ssl/context.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tokenbroker::upstream {
namespace {

namespace asio = boost::asio;

// A reload may leave contexts behind that nobody asks for again: from so many on, the idle ones go.
constexpr std::size_t most_contexts = 64;

std::string last_openssl_error() {
    const unsigned long code = ::ERR_peek_last_error();
    const char* reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
    ::ERR_clear_error();
    return reason == nullptr ? "not in PEM form" : reason;
}

Error unusable(const std::string& what, const std::string& path) {
    return {Errc::misconfigured, what + " " + path + " can't be used: " + last_openssl_error()};
}

Result<void> readable(const std::string& what, const std::string& path) {
    if (::access(path.c_str(), R_OK) == 0) return {};
    return Error(Errc::misconfigured,
                 system_error(what + " " + path + " can't be read", errno).message());
}

// An encrypted key would make OpenSSL ask on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
    return -1;
}

// The system's authorities in one file: as OpenSSL looks for it, else where Debian has it.
std::string system_bundle() {
    if (const char* named = ::getenv(::X509_get_default_cert_file_env())) return named;
    std::string usual = ::X509_get_default_cert_file();
    return ::access(usual.c_str(), R_OK) == 0 ? usual : "/etc/ssl/certs/ca-certificates.crt";
}

Result<void> trust(SSL_CTX* context, const Tls& tls) {
    if (tls.ca_file.empty()) {
        // Read whole, here, so that a handshake looks into the folder of single files only for what
        // is not in it.
        ::SSL_CTX_load_verify_locations(context, system_bundle().c_str(), nullptr);
        ::SSL_CTX_set_default_verify_dir(context);
        ::ERR_clear_error();
        return {};
    }
    if (auto read = readable("tls.ca_file", tls.ca_file); !read) return read;
    if (::SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) != 1) {
        return unusable("tls.ca_file", tls.ca_file);
    }
    return {};
}

Result<void> identify(SSL_CTX* context, const Tls& tls) {
    if (tls.client_certificate.empty()) return {};
    const std::string& key = tls.client_key.empty() ? tls.client_certificate : tls.client_key;
    if (auto read = readable("tls.client_certificate", tls.client_certificate); !read) return read;
    if (auto read = readable("tls.client_key", key); !read) return read;
    ::SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (::SSL_CTX_use_certificate_chain_file(context, tls.client_certificate.c_str()) != 1) {
        return unusable("tls.client_certificate", tls.client_certificate);
    }
    if (::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return unusable("tls.client_key", key);
    }
    if (::SSL_CTX_check_private_key(context) != 1) {
        return Error(Errc::misconfigured, "tls.client_key " + key +
                                              " is not the key of tls.client_certificate " +
                                              tls.client_certificate);
    }
    return {};
}

// What changes when a file is replaced or written to; the name alone where it can't be looked at.
std::string stamp_of(const std::string& path) {
    struct stat found {};
    if (path.empty() || ::stat(path.c_str(), &found) != 0) return path + ";";
    const auto number = [](auto value) { return std::to_string(value) + ","; };
    return path + ":" + number(found.st_dev) + number(found.st_ino) + number(found.st_size) +
           number(found.st_mtim.tv_sec) + number(found.st_mtim.tv_nsec) +
           number(found.st_ctim.tv_sec) + number(found.st_ctim.tv_nsec) + ";";
}

std::string stamp_of(const Tls& tls) {
    return stamp_of(tls.ca_file.empty() ? system_bundle() : tls.ca_file) +
           stamp_of(tls.client_certificate) + stamp_of(tls.client_key);
}

// The server name is not part of a context.
std::string key_of(const Tls& tls) {
    std::string key;
    for (const std::string* part : {&tls.ca_file, &tls.client_certificate, &tls.client_key}) {
        key.append(*part).push_back('\0');
    }
    return key;
}

}  // namespace

Result<TlsContext> make_tls_context(const Tls& tls) {
    boost::system::error_code failed;
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX* native = context->native_handle();
    // Asio's tls_client lowers the floor that the distribution sets.
    ::SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    ::SSL_CTX_set_options(
        native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT);
    ::SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    context->set_verify_mode(asio::ssl::verify_peer, failed);
    if (failed) return Error(Errc::internal, "TLS can't be set up: " + failed.message());
    if (auto trusted = trust(native, tls); !trusted) return trusted.error();
    if (auto identified = identify(native, tls); !identified) return identified.error();
    return context;
}

// One look at the files at a time: at a start with a thousand accounts the first reads them for
// all.
class TlsContexts::Turn {
public:
    explicit Turn(Made& made) : made_(made) { made_.busy = true; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        made_.busy = false;
        made_.free.notify_all();
    }

private:
    Made& made_;
};

asio::awaitable<Result<TlsContext>> TlsContexts::get(Tls tls, Deadline deadline) {
    const Error late(Errc::timeout, "reading the TLS files: " + deadline.words());
    Made& made = made_for(tls);
    while (made.busy) {
        const bool woken = co_await made.free.wait_until(clock_, deadline.at());
        if (!woken) co_return late;
    }
    const Turn turn(made);

    std::function<Looked()> look = [tls, stamp = made.stamp, context = made.context] {
        // Before the files are read: one that changes meanwhile is noticed the next time.
        std::string now = stamp_of(tls);
        if (context && now == stamp) return Looked{std::move(now), context};
        return Looked{std::move(now), make_tls_context(tls)};
    };
    auto looked = co_await workers_.run_until(clock_, deadline.at(), std::move(look));
    if (!looked) co_return late;
    if (looked->context) {
        made.stamp = std::move(looked->stamp);
        made.context = *looked->context;
    }
    co_return std::move(looked->context);
}

TlsContexts::Made& TlsContexts::made_for(const Tls& tls) {
    if (made_.size() >= most_contexts) {
        std::erase_if(made_, [](const auto& entry) {
            return !entry.second.busy && entry.second.free.waiters() == 0;
        });
    }
    return made_[key_of(tls)];
}

}  // namespace tokenbroker::upstream
