#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace tokenbroker {

// RFC 4648 section 4, with padding.
std::string base64_encode(std::string_view bytes);
// Strict: padding required, no white space, no other alphabet.
Result<Secret> base64_decode(std::string_view text);
// RFC 4648 section 5 (base64url), padding optional: what JWTs are made of.
Result<std::string> base64url_decode(std::string_view text);

// Percent-encodes all but RFC 3986 unreserved characters: for a path segment or a query value.
std::string percent_encode(std::string_view bytes);
// application/x-www-form-urlencoded, as RFC 6749 wants names and secrets: like above, a space as
// '+'.
std::string form_encode(std::string_view bytes);
// A JSON string with its quotes; control characters escaped, other UTF-8 as it is.
std::string json_quote(std::string_view text);
// Lower-case hexadecimal.
std::string hex_encode(std::string_view bytes);

}  // namespace tokenbroker
