#include "host/crypto.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

namespace tokenbroker::host {
namespace {

constexpr std::size_t digest_size = 32;

unsigned char* octets(char* bytes) noexcept {
    return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* octets(const char* bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes);
}

[[noreturn]] void fail(const char* what) {
    throw ErrorException(Error(Errc::internal, std::string("OpenSSL could not ") + what));
}

}  // namespace

void fill_random(char* bytes, std::size_t count) {
    if (::RAND_bytes(octets(bytes), static_cast<int>(count)) != 1) fail("make random bytes");
}

double random_fraction() {
    std::uint64_t bits = 0;
    std::array<char, sizeof(bits)> bytes{};
    fill_random(bytes.data(), bytes.size());
    std::memcpy(&bits, bytes.data(), sizeof(bits));
    // 53 bits: all that a double holds below 1.
    return static_cast<double>(bits >> 11U) * 0x1p-53;
}

std::string hmac_sha256(const Secret& key, std::string_view message) {
    std::string digest(digest_size, '\0');
    unsigned length = 0;
    if (::HMAC(::EVP_sha256(), key.reveal().data(), static_cast<int>(key.size()),
               octets(message.data()), message.size(), octets(digest.data()), &length) == nullptr) {
        fail("compute an HMAC");
    }
    return digest;
}

std::string sha256(std::string_view message) {
    std::string digest(digest_size, '\0');
    ::SHA256(octets(message.data()), message.size(), octets(digest.data()));
    return digest;
}

Secret derive_key(const Secret& key, std::string_view purpose) {
    struct FreeKdf {
        void operator()(EVP_KDF* kdf) const noexcept { ::EVP_KDF_free(kdf); }
        void operator()(EVP_KDF_CTX* context) const noexcept { ::EVP_KDF_CTX_free(context); }
    };
    const std::unique_ptr<EVP_KDF, FreeKdf> kdf(
        ::EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr));
    const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(::EVP_KDF_CTX_new(kdf.get()));
    if (!context) fail("find HKDF");
    // OpenSSL takes its parameters without const; it does not write to them.
    Secret key_copy(key);
    std::string purpose_copy(purpose);
    std::string digest_name = "SHA256";
    const std::array<OSSL_PARAM, 4> parameters{
        ::OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_name.data(), 0),
        ::OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key_copy.writable().data(),
                                            key_copy.size()),
        ::OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, purpose_copy.data(),
                                            purpose_copy.size()),
        ::OSSL_PARAM_construct_end()};
    Secret derived = Secret::of_size(digest_size);
    if (::EVP_KDF_derive(context.get(), octets(derived.writable().data()), derived.size(),
                         parameters.data()) != 1) {
        fail("derive a key");
    }
    return derived;
}

}  // namespace tokenbroker::host
