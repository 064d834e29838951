#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "core/token.hpp"
#include "recipe/recipe.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::recipe {

// When a token ends. At most one of `at` and `lifetime`; neither: it does not expire.
struct Expiry {
    core::ExpirySource source = core::ExpirySource::none;
    std::optional<WallTime> at;  // absolute: `at`, `jwt`
    std::optional<Milliseconds>
        lifetime;  // relative, from when the request was sent: `after`, `in`
};

// A token as the steps of acquire or refresh gave it.
struct Token {
    Secret value;
    std::string header_name;
    Secret header_value;
    Expiry expiry;
};

// Whether a step takes what the token's value or expiry is made of. The clock of a relative expiry
// starts just before the last such step that was done.
bool gives_token(const Recipe& recipe, const Step& step);

// Whether a default can stand in for what `expires` of this kind names (at or in): seconds, a
// duration from when the request was sent, or, with `at`, RFC 3339.
bool says_expiry(Expires::Kind kind, std::string_view text);

// Makes the token from what the steps took. `sent` is just before the request of that step left.
// Errors (Errc::bad_answer): an empty token, one of over 64 KiB or with characters that no header
// can hold; an expiry that can't be read, has passed, or is over a hundred years away.
Result<Token> token_of(const Recipe& recipe, const Values& values, WallTime sent);

// The values that `keep:` names, as one text to be sealed (empty where there is none of them), and
// back. A recipe that names others by
// now gets those that are there and that it still names.
Secret write_kept(const Recipe& recipe, const Values& values);
Result<Values> read_kept(const Recipe& recipe, const Secret& text);

// What probe, revoke and refresh see: the inputs, what was kept, and `token`.
Values later_values(const Values& inputs, const Values& kept, const Secret& token);

}  // namespace tokenbroker::recipe
