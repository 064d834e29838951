#pragma once

#include "base/place.hpp"

#include <string>
#include <vector>

namespace tokenbroker::document {

// All that is wrong, not only the first: readers add and go on.
class Mistakes {
public:
    // What is wrong, and what is allowed. Never holds a secret.
    void add(Place place, std::string message) {
        found_.push_back({std::move(place), std::move(message)});
    }

    [[nodiscard]] bool empty() const noexcept { return found_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return found_.size(); }
    // By place, without doubles.
    [[nodiscard]] std::vector<Mistake> sorted() const;

private:
    std::vector<Mistake> found_;
};

}  // namespace tokenbroker::document
