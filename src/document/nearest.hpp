#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tokenbroker::document {

// Damerau-Levenshtein (optimal string alignment): insertions, deletions, replacements and swaps of
// neighbours. Bytes, not characters.
std::size_t edit_distance(std::string_view left, std::string_view right);

// The allowed word that was most likely meant, if one is near enough (a third of its length, at
// least 1).
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> allowed);

// `did you mean "password"? ` or nothing, then `allowed are: a, b, c`: the second half of a
// message.
std::string suggest(std::string_view word, std::span<const std::string_view> allowed);

}  // namespace tokenbroker::document
