#include "state/key.hpp"

#include "base/encode.hpp"
#include "host/crypto.hpp"
#include "host/files.hpp"

namespace tokenbroker::state {
namespace {

constexpr std::size_t key_size = 32;
constexpr std::size_t id_size = 8;
constexpr std::size_t longest_key_file = 1024;

StateKey keys_from(const Secret& root) {
    StateKey key;
    key.seal = host::derive_key(root, "tokenbroker token files");
    key.fingerprint = host::derive_key(root, "tokenbroker fingerprints");
    key.id = std::string(host::derive_key(root, "tokenbroker key id").reveal().substr(0, id_size));
    return key;
}

Result<StateKey> read_own_key(host::FileSystem& files, const std::string& path) {
    auto content = host::read_file(files, path, longest_key_file, host::Links::refuse);
    if (!content) return content.error();
    if ((content->facts.st_mode & 0027) != 0) {
        return Error(
            Errc::misconfigured,
            path + " may be read or written by others: chmod 0600, and think of a new key");
    }
    auto key = parse_state_key(content->bytes);
    if (!key) return key.error().during(path);
    return key;
}

}  // namespace

Result<StateKey> parse_state_key(const Secret& bytes) {
    if (bytes.size() == key_size) return keys_from(bytes);
    std::string_view text = bytes.reveal();
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    if (!text.empty() && text.back() == '\r' && text.size() < bytes.size()) text.remove_suffix(1);
    if (const auto decoded = base64_decode(text); decoded && decoded->size() == key_size)
        return keys_from(*decoded);
    return Error(Errc::misconfigured, "a state key is 32 bytes, as they are or in base64");
}

Result<OwnKey> own_state_key(host::FileSystem& files, const std::string& directory) {
    const std::string path = directory + "/state.key";
    auto key = read_own_key(files, path);
    if (key) return OwnKey{std::move(*key), false};
    if (key.error().code() != Errc::not_found) return key.error();
    Secret root = Secret::of_size(key_size);
    host::fill_random(root.writable().data(), root.size());
    if (auto made = host::make_file(files, path, root.reveal(), {}); !made) return made.error();
    return OwnKey{keys_from(root), true};
}

std::string fingerprint(const StateKey& key, const Secret& secret) {
    return hex_encode(host::hmac_sha256(key.fingerprint, secret.reveal()));
}

}  // namespace tokenbroker::state
