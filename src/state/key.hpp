#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "host/file_system.hpp"

#include <optional>
#include <string>

namespace tokenbroker::state {

// What is made of one state key of 32 bytes.
struct StateKey {
    Secret seal;         // AES-256-GCM of token files
    Secret fingerprint;  // HMAC-SHA256 of secrets
    std::string id;      // 8 bytes that name the key in a file's header, and say nothing about it
};
struct StateKeys {
    StateKey current;
    std::optional<StateKey> previous;  // opens what `current` does not
};

// `bytes` untrimmed: exactly 32 as they are, else base64 of 32, which may end in one newline.
Result<StateKey> parse_state_key(const Secret& bytes);

struct OwnKey {
    StateKey key;
    bool made = false;  // just now
};
// state.key in the directory, made where it is not there (0600, durable before it is used). Blocks.
// Errors: misconfigured (others may read or write it, or it is no key), io.
Result<OwnKey> own_state_key(host::FileSystem& files, const std::string& directory);

// What is kept of a secret to see whether it changed: hex of a keyed hash, of no use without the
// key.
std::string fingerprint(const StateKey& key, const Secret& secret);

}  // namespace tokenbroker::state
