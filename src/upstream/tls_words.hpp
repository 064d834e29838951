#pragma once

#include <boost/system/error_code.hpp>

#include <string>

using SSL = struct ssl_st;

namespace tokenbroker::upstream {

// Why a handshake failed, and where to look: what OpenSSL found wrong with the certificate, else
// what the other side said or did.
std::string handshake_words(const SSL* ssl, boost::system::error_code failed);

// The same for a TLS error after the handshake; with TLS 1.3 a server refuses a client certificate
// only then.
std::string alert_words(boost::system::error_code failed);

}  // namespace tokenbroker::upstream
