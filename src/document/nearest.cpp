#include "document/nearest.hpp"

#include <algorithm>
#include <vector>

namespace tokenbroker::document {

std::size_t edit_distance(std::string_view left, std::string_view right) {
    const std::size_t width = right.size() + 1;
    std::vector<std::size_t> before(width);  // two rows up, one row up, this row
    std::vector<std::size_t> above(width);
    std::vector<std::size_t> row(width);
    for (std::size_t j = 0; j < width; ++j)
        above[j] = j;

    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j < width; ++j) {
            const std::size_t replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            const bool swapped =
                i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[width - 1];
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> allowed) {
    std::optional<std::string_view> best;
    std::size_t best_distance = 0;
    for (const std::string_view candidate : allowed) {
        const std::size_t near_enough = std::max<std::size_t>(1, candidate.size() / 3);
        const std::size_t longer = std::max(word.size(), candidate.size());
        const std::size_t shorter = std::min(word.size(), candidate.size());
        if (longer - shorter > near_enough)
            continue;  // also bounds the work on absurdly long words
        const std::size_t distance = edit_distance(word, candidate);
        if (distance > near_enough || distance >= longer) continue;
        if (!best || distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string suggest(std::string_view word, std::span<const std::string_view> allowed) {
    std::string result;
    if (const auto meant = nearest(word, allowed)) {
        result += "did you mean \"" + std::string(*meant) + "\"? ";
    }
    result += "allowed are: ";
    for (std::size_t i = 0; i < allowed.size(); ++i) {
        if (i > 0) result += ", ";
        result += allowed[i];
    }
    return result;
}

}  // namespace tokenbroker::document
