#include "state/seal.hpp"

#include "host/crypto.hpp"
#include "state/bytes.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <limits>
#include <memory>

namespace tokenbroker::state {
namespace {

constexpr std::string_view magic("TBSEALED", 8);
constexpr std::uint64_t version = 1;
constexpr std::size_t key_id_at = 10;
constexpr std::size_t binding_at = 18;
constexpr std::size_t generation_at = 34;
constexpr std::size_t expiry_at = 42;
constexpr std::size_t nonce_at = 50;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t mac_at = 62;
constexpr std::size_t header_size = 78;
constexpr std::size_t tag_size = 16;
constexpr std::size_t mac_size = 16;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { ::EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* octets(std::string_view bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* octets(char* bytes) noexcept {
    return reinterpret_cast<unsigned char*>(bytes);
}
int length_of(std::string_view bytes) noexcept {
    return static_cast<int>(bytes.size());
}

// For two purposes under one key: the first word tells them apart.
std::string mac(const StateKey& key, std::string_view purpose, std::string_view bytes) {
    std::string message(purpose);
    message.append(1, '\0').append(bytes);
    return host::hmac_sha256(key.fingerprint, message).substr(0, mac_size);
}

bool same(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() &&
           ::CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

const StateKey* key_named(const StateKeys& keys, std::string_view id) {
    if (keys.current.id == id) return &keys.current;
    if (keys.previous && keys.previous->id == id) return &*keys.previous;
    return nullptr;
}

// One pass of GCM over header, binding and text; `bytes` out are as many as in.
bool crypt(EVP_CIPHER_CTX* context, std::string_view header, std::string_view binding,
           std::string_view text, char* out) {
    int done = 0;
    return ::EVP_CipherUpdate(context, nullptr, &done, octets(header), length_of(header)) == 1 &&
           ::EVP_CipherUpdate(context, nullptr, &done, octets(binding), length_of(binding)) == 1 &&
           ::EVP_CipherUpdate(context, octets(out), &done, octets(text), length_of(text)) == 1;
}

Context start(const StateKey& key, std::string_view nonce, int encrypt) {
    Context context(::EVP_CIPHER_CTX_new());
    if (!context ||
        ::EVP_CipherInit_ex2(context.get(), ::EVP_aes_256_gcm(), octets(key.seal.reveal()),
                             octets(nonce), encrypt, nullptr) != 1) {
        throw ErrorException(Error(Errc::internal, "OpenSSL could not start AES-256-GCM"));
    }
    return context;
}

}  // namespace

std::string seal(const StateKey& key, std::string_view binding, std::uint64_t generation,
                 std::optional<WallTime> expires_at, const Secret& plaintext) {
    std::string nonce(nonce_size, '\0');
    host::fill_random(nonce.data(), nonce.size());
    const std::int64_t expiry = expires_at ? expires_at->time_since_epoch().count() : never;
    std::string file(magic);
    file += little_endian<2>(version);
    file += key.id;
    file += mac(key, "binding", binding);
    file += little_endian<8>(generation);
    file += little_endian<8>(static_cast<std::uint64_t>(expiry));
    file += nonce;
    file += mac(key, "header", file);
    const std::string header = file;
    file.resize(header_size + plaintext.size() + tag_size);
    const Context context = start(key, nonce, 1);
    int done = 0;
    char* tag = file.data() + header_size + plaintext.size();
    if (!crypt(context.get(), header, binding, plaintext.reveal(), file.data() + header_size) ||
        ::EVP_CipherFinal_ex(context.get(), octets(tag), &done) != 1 ||
        ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, tag) != 1) {
        throw ErrorException(Error(Errc::internal, "OpenSSL could not seal"));
    }
    return file;
}

Result<SealHeader> read_header(const StateKeys& keys, std::string_view file) {
    if (file.size() < binding_at || file.substr(0, magic.size()) != magic) {
        return Error(Errc::corrupt, "it is not a sealed token");
    }
    const std::uint64_t written = from_little_endian(file.substr(magic.size(), 2));
    if (written > version) {
        return Error(Errc::future_version, "it is of version " + std::to_string(written) +
                                               ", this program reads " + std::to_string(version));
    }
    if (written != version || file.size() < header_size + tag_size)
        return Error(Errc::corrupt, "it is cut short");
    SealHeader header;
    header.key_id = std::string(file.substr(key_id_at, binding_at - key_id_at));
    const StateKey* key = key_named(keys, header.key_id);
    if (key == nullptr)
        return Error(Errc::wrong_key, "it was sealed under a key that is not there");
    if (!same(mac(*key, "header", file.substr(0, mac_at)), file.substr(mac_at, mac_size))) {
        return Error(Errc::corrupt, "its header was altered");
    }
    header.binding_id = std::string(file.substr(binding_at, mac_size));
    header.generation = from_little_endian(file.substr(generation_at, 8));
    const auto expiry = static_cast<std::int64_t>(from_little_endian(file.substr(expiry_at, 8)));
    if (expiry != never) header.expires_at = WallTime(Milliseconds(expiry));
    return header;
}

Result<Unsealed> unseal(const StateKeys& keys, std::string_view binding, std::string_view file) {
    const auto header = read_header(keys, file);
    if (!header) return header.error();
    const StateKey& key = *key_named(keys, header->key_id);
    if (!same(mac(key, "binding", binding), header->binding_id)) {
        return Error(Errc::invalid_input,
                     "it was sealed for another account, recipe, origin or identity");
    }
    const std::string_view text = file.substr(header_size, file.size() - header_size - tag_size);
    std::string tag(file.substr(file.size() - tag_size));
    Unsealed unsealed{Secret::of_size(text.size()), &key != &keys.current};
    const Context context = start(key, file.substr(nonce_at, nonce_size), 0);
    int done = 0;
    std::array<unsigned char, tag_size> rest{};
    if (!crypt(context.get(), file.substr(0, header_size), binding, text,
               unsealed.plaintext.writable().data()) ||
        ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) != 1 ||
        ::EVP_CipherFinal_ex(context.get(), rest.data(), &done) != 1) {
        return Error(Errc::corrupt, "it was altered");
    }
    return unsealed;
}

}  // namespace tokenbroker::state
