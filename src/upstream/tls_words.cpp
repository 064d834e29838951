#include "upstream/tls_words.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace tokenbroker::upstream {
namespace {

std::string certificate_hint(long verdict) {
    switch (verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "check base_url, or set tls.server_name";
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "or this machine's clock is wrong";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "is its authority in tls.ca_file?";
        default:
            return "the upstream has to mend it";
    }
}

}  // namespace

std::string handshake_words(const SSL* ssl, boost::system::error_code failed) {
    const long verdict = ::SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) {
        return std::string("certificate not accepted: ") +
               ::X509_verify_cert_error_string(verdict) + " (" + certificate_hint(verdict) + ")";
    }
    if (failed == boost::asio::error::eof || failed == boost::asio::ssl::error::stream_truncated) {
        return "the connection was closed";
    }
    return alert_words(failed);
}

std::string alert_words(boost::system::error_code failed) {
    std::string text = failed.message();
    if (failed.category() != boost::asio::error::get_ssl_category()) return text;
    switch (ERR_GET_REASON(static_cast<unsigned long>(failed.value()))) {
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return text + " (TLS 1.2 or newer is needed)";
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
            return text + " (does this port speak TLS?)";
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            return text + " (does it want another tls.client_certificate?)";
        default:
            return text;
    }
}

}  // namespace tokenbroker::upstream
