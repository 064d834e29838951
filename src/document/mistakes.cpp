#include "document/mistakes.hpp"

#include <algorithm>

namespace tokenbroker::document {

std::vector<Mistake> Mistakes::sorted() const {
    std::vector<Mistake> result = found_;
    std::ranges::sort(result);
    const auto doubles = std::ranges::unique(result);
    result.erase(doubles.begin(), doubles.end());
    return result;
}

}  // namespace tokenbroker::document
