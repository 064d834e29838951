#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "state/sealed_token.hpp"

#include <string>

// How a token and what it is bound to become bytes. Pure.
namespace tokenbroker::state {

// Members as tag, length, bytes: an older program leaves out those it does not know.
Secret encode_token(const SealedToken& token);
Result<SealedToken> decode_token(const Secret& bytes);

// Unambiguous: every part with its length before it.
std::string encode_binding(const Binding& binding);

}  // namespace tokenbroker::state
