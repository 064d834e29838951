#pragma once

#include "base/error.hpp"

#include <string>
#include <vector>

namespace tokenbroker::sandbox {

// A throw-away authority and what it signed, as PEM. Keys are test data.
struct TlsMaterial {
    std::string ca_certificate;
    std::string certificate;
    std::string key;
    std::string client_certificate;
    std::string client_key;

    // All of it in one text, and back.
    [[nodiscard]] std::string bundle() const;
    static Result<TlsMaterial> from_bundle(const std::string& text);
};

// A new ECDSA P-256 authority, a server certificate for localhost, 127.0.0.1, ::1 and `names` (host
// names or addresses), and a client certificate. Valid from a day ago for ten years.
Result<TlsMaterial> make_tls_material(const std::vector<std::string>& names);

}  // namespace tokenbroker::sandbox
