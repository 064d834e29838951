#pragma once

#include "base/secret.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker {

// `text` with every secret replaced by "***", wherever it stands: as it is, JSON-escaped, or
// URL-escaped. Secrets of fewer than 4 bytes are masked too where they stand as a whole word.
std::string mask_secrets(std::string_view text, const std::vector<Secret>& secrets);

// Printable text of at most `longest` bytes: control characters become spaces, a cut ends in "...",
// and a UTF-8 sequence is never cut in two.
std::string printable(std::string_view text, std::size_t longest);

}  // namespace tokenbroker
