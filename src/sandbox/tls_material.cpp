#include "sandbox/tls_material.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <memory>

namespace tokenbroker::sandbox {

namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(BIO* memory) const { BIO_free(memory); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    void operator()(BIGNUM* number) const { BN_free(number); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Memory = std::unique_ptr<BIO, Free>;

// Failures here are of the machine, not of input: one exception, turned into an Error at the door.
void need(bool done, const char* what) {
    if (done) return;
    std::array<char, 256> reason{};
    ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
    throw ErrorException(Error(Errc::internal, std::string(what) + ": " + reason.data()));
}

Key new_key() {
    Key key(EVP_EC_gen("P-256"));
    need(key != nullptr, "making a key");
    return key;
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    need(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
         "adding an extension");
}

Certificate unsigned_certificate(const std::string& name, EVP_PKEY* key, X509* issuer) {
    constexpr long day = 24L * 3600;
    Certificate certificate(X509_new());
    need(certificate != nullptr, "making a certificate");
    const std::unique_ptr<BIGNUM, Free> serial(BN_new());
    need(BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
             BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate.get())) != nullptr,
         "drawing a serial number");
    X509_set_version(certificate.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3650 * day);
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    const std::basic_string<unsigned char> bytes(name.begin(), name.end());
    need(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, bytes.data(),
                                    static_cast<int>(bytes.size()), -1, 0) == 1,
         "naming a certificate");
    X509_set_issuer_name(certificate.get(),
                         issuer == nullptr ? subject : X509_get_subject_name(issuer));
    need(X509_set_pubkey(certificate.get(), key) == 1, "setting a public key");
    return certificate;
}

void sign(X509* certificate, EVP_PKEY* key) {
    need(X509_sign(certificate, key, EVP_sha256()) > 0, "signing a certificate");
}

std::string text_of(BIO* memory) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
    const Memory memory(BIO_new(BIO_s_mem()));
    need(PEM_write_bio_X509(memory.get(), certificate) == 1, "writing a certificate");
    return text_of(memory.get());
}

std::string pem(EVP_PKEY* key) {
    const Memory memory(BIO_new(BIO_s_mem()));
    need(PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "writing a key");
    return text_of(memory.get());
}

std::string subject_names(const std::vector<std::string>& names) {
    std::string list = "DNS:localhost,IP:127.0.0.1,IP:::1";
    for (const std::string& name : names) {
        std::array<unsigned char, 16> address{};
        const bool number = inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
                            inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
        list.append(number ? ",IP:" : ",DNS:").append(name);
    }
    return list;
}

TlsMaterial make(const std::vector<std::string>& names) {
    const Key ca_key = new_key();
    const Certificate ca =
        unsigned_certificate("tokenbroker-sandbox test authority", ca_key.get(), nullptr);
    extend(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
    sign(ca.get(), ca_key.get());

    const auto issue = [&](const std::string& name, EVP_PKEY* key, const char* usage,
                           const std::string& alternatives) {
        Certificate leaf = unsigned_certificate(name, key, ca.get());
        extend(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
        extend(leaf.get(), ca.get(), NID_key_usage, "critical,digitalSignature");
        extend(leaf.get(), ca.get(), NID_ext_key_usage, usage);
        extend(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid");
        if (!alternatives.empty()) extend(leaf.get(), ca.get(), NID_subject_alt_name, alternatives);
        sign(leaf.get(), ca_key.get());
        return pem(leaf.get());
    };
    const Key server_key = new_key();
    const Key client_key = new_key();
    TlsMaterial material;
    material.ca_certificate = pem(ca.get());
    material.certificate =
        issue("tokenbroker-sandbox", server_key.get(), "serverAuth", subject_names(names));
    material.key = pem(server_key.get());
    material.client_certificate =
        issue("tokenbroker-sandbox client", client_key.get(), "clientAuth", "");
    material.client_key = pem(client_key.get());
    return material;
}

}  // namespace

std::string TlsMaterial::bundle() const {
    return ca_certificate + certificate + key + client_certificate + client_key;
}

Result<TlsMaterial> TlsMaterial::from_bundle(const std::string& text) {
    TlsMaterial material;
    std::size_t at = 0;
    for (std::string* part : {&material.ca_certificate, &material.certificate, &material.key,
                              &material.client_certificate, &material.client_key}) {
        const auto end_line = text.find("-----END ", at);
        const auto end = end_line == std::string::npos ? end_line : text.find('\n', end_line);
        if (end == std::string::npos)
            return Error(Errc::corrupt, "the file is not one that the sandbox wrote");
        *part = text.substr(at, end + 1 - at);
        at = end + 1;
    }
    return material;
}

Result<TlsMaterial> make_tls_material(const std::vector<std::string>& names) {
    try {
        return make(names);
    } catch (const ErrorException& failure) {
        return failure.error();
    }
}

}  // namespace tokenbroker::sandbox
