#pragma once

#include <compare>
#include <cstddef>
#include <string>

namespace tokenbroker {

// A place in a file, as editors count: line and column from 1. 0 means "the file as a whole".
struct Place {
    std::string file;
    std::size_t line = 0;
    std::size_t column = 0;

    auto operator<=>(const Place&) const = default;
    // "FILE:LINE:COLUMN", or "FILE" alone.
    [[nodiscard]] std::string text() const;
};

// What is wrong at a place, and what is allowed there. Never holds a secret.
struct Mistake {
    Place place;
    std::string message;

    auto operator<=>(const Mistake&) const = default;
    // "FILE:LINE:COLUMN: message".
    [[nodiscard]] std::string text() const { return place.text() + ": " + message; }
};

}  // namespace tokenbroker
