#include "support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace tokenbroker::support {
namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { ::X509_free(certificate); }
    void operator()(BIO* bio) const { ::BIO_free(bio); }
    void operator()(X509_EXTENSION* extension) const { ::X509_EXTENSION_free(extension); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using X509Handle = std::unique_ptr<X509, Free>;

template <class T>
T* made(T* object) {
    if (object == nullptr) throw std::runtime_error("OpenSSL made nothing");
    return object;
}

Key new_key() {
    // EVP_EC_gen() is a macro with an old-style cast.
    return Key(made(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")));
}

std::string text_of(BIO* bio) {
    const char* data = nullptr;
    const long size = ::BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
    const std::unique_ptr<BIO, Free> bio(made(::BIO_new(::BIO_s_mem())));
    ::PEM_write_bio_X509(bio.get(), certificate);
    return text_of(bio.get());
}

std::string pem(EVP_PKEY* key) {
    const std::unique_ptr<BIO, Free> bio(made(::BIO_new(::BIO_s_mem())));
    ::PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio.get());
}

void extend(X509* certificate, int kind, const std::string& value) {
    const std::unique_ptr<X509_EXTENSION, Free> extension(
        made(::X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str())));
    ::X509_add_ext(certificate, extension.get(), -1);
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts)
        text += (text.empty() ? "" : ",") + part;
    return text;
}

// `issuer` null: signed with its own key.
X509Handle new_certificate(const Subject& subject, EVP_PKEY* key, X509* issuer,
                           EVP_PKEY* issuer_key, bool authority) {
    static std::atomic<long> serial{1};
    X509Handle certificate(made(::X509_new()));
    X509* raw = certificate.get();
    ::X509_set_version(raw, X509_VERSION_3);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(raw), serial++);
    ::X509_gmtime_adj(::X509_getm_notBefore(raw), subject.valid_from.count());
    ::X509_gmtime_adj(::X509_getm_notAfter(raw), subject.valid_until.count());
    ::X509_set_pubkey(raw, key);
    std::string name = subject.name;
    ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(raw), "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<int>(name.size()), -1, 0);
    ::X509_set_issuer_name(raw, ::X509_get_subject_name(issuer != nullptr ? issuer : raw));
    extend(raw, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (authority) {
        extend(raw, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else if (!subject.alternative_names.empty()) {
        extend(raw, NID_subject_alt_name, joined(subject.alternative_names));
    }
    if (::X509_sign(raw, issuer_key, ::EVP_sha256()) == 0) {
        throw std::runtime_error("OpenSSL signed nothing");
    }
    return certificate;
}

}  // namespace

struct Authority::Keys {
    Key key;
    X509Handle certificate;
};

Authority::Authority(const std::string& name) : keys_(std::make_unique<Keys>()) {
    keys_->key = new_key();
    const Subject subject{name, {}};
    keys_->certificate =
        new_certificate(subject, keys_->key.get(), nullptr, keys_->key.get(), true);
}
Authority::~Authority() = default;

std::string Authority::certificate() const {
    return pem(keys_->certificate.get());
}

Certificate Authority::issue(const Subject& subject) const {
    const Key key = new_key();
    const auto certificate =
        new_certificate(subject, key.get(), keys_->certificate.get(), keys_->key.get(), false);
    return {pem(certificate.get()), pem(key.get())};
}

Certificate Authority::self_signed(const Subject& subject) {
    const Key key = new_key();
    const auto certificate = new_certificate(subject, key.get(), nullptr, key.get(), false);
    return {pem(certificate.get()), pem(key.get())};
}

}  // namespace tokenbroker::support
