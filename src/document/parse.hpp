#pragma once

#include "document/mistakes.hpp"
#include "document/value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::document {

inline constexpr std::size_t largest_document = std::size_t{8} * 1024 * 1024;  // bytes
inline constexpr std::size_t deepest_document = 64;    // lists and maps in each other
inline constexpr std::size_t most_values = 1'000'000;  // in one document

// Reads one YAML document. An empty text is a null value. Mistakes: text that is not YAML or not
// UTF-8, control characters, anchors, aliases, `<<`, tags, duplicate keys (both places are named),
// keys that are not text, a second document, and what exceeds the limits above. After a mistake
// that leaves the rest readable the value is there all the same, so that a caller can find further
// ones; else it is absent. `file` is for places only.
std::optional<Value> parse(std::string_view text, const std::string& file, Mistakes& mistakes);

}  // namespace tokenbroker::document
