#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace tokenbroker::host {

// From the kernel-seeded generator. Throws ErrorException where there is none: nothing can go on
// then.
void fill_random(char* bytes, std::size_t count);
// Uniform in [0, 1).
double random_fraction();

// 32 bytes.
std::string hmac_sha256(const Secret& key, std::string_view message);
std::string sha256(std::string_view message);
// RFC 5869 with an empty salt: 32 bytes that say nothing about `key` nor about those for another
// purpose.
Secret derive_key(const Secret& key, std::string_view purpose);

}  // namespace tokenbroker::host
