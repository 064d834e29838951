#include "document/mistakes.hpp"

#include <algorithm>

namespace tokenbroker::document {

std::vector<Mistake> Mistakes::sorted() const {
    std::vector<Mistake> result = found_;
    std::ranges::sort(result);
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
}

}  // namespace tokenbroker::document
