#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <source_location>
#include <string_view>

// What every fuzz target needs: its input as text, and a way to say that something does not hold.
namespace tokenbroker::fuzz {

inline void require(bool holds,
                    const std::source_location& place = std::source_location::current()) {
    if (holds) return;
    std::cerr << place.file_name() << ':' << place.line() << ": does not hold\n";
    std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

}  // namespace tokenbroker::fuzz
