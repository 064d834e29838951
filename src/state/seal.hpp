#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "state/key.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// A sealed file's bytes, as pure functions (but for the random nonce):
//
//     magic 8 | version 2 | key id 8 | binding 16 | generation 8 | expiry 8 | nonce 12 | header's
//     MAC 16 AES-256-GCM ciphertext | tag 16
//
// Associated data are the header and the binding whole. The header has a MAC of its own, so that
// the expiry of a file that belongs to no account any more can be trusted.
namespace tokenbroker::state {

struct SealHeader {
    std::string key_id;
    std::string binding_id;  // keyed hash of the binding
    std::uint64_t generation = 0;
    std::optional<WallTime> expires_at;
};

std::string seal(const StateKey& key, std::string_view binding, std::uint64_t generation,
                 std::optional<WallTime> expires_at, const Secret& plaintext);

// The header under one of `keys`. Errors: corrupt, wrong_key (a key that we do not have),
// future_version.
Result<SealHeader> read_header(const StateKeys& keys, std::string_view file);

struct Unsealed {
    Secret plaintext;
    bool previous_key = false;
};
// Errors: those, and invalid_input: sealed for another binding.
Result<Unsealed> unseal(const StateKeys& keys, std::string_view binding, std::string_view file);

}  // namespace tokenbroker::state
