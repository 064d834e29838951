#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Numbers as bytes, the least significant first: the same on every machine.
namespace tokenbroker::state {

template <std::size_t Size>
std::string little_endian(std::uint64_t number) {
    std::string bytes(Size, '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>(number & 0xffU);
        number >>= 8U;
    }
    return bytes;
}

inline std::uint64_t from_little_endian(std::string_view bytes) {
    std::uint64_t number = 0;
    for (std::size_t i = bytes.size(); i > 0; --i)
        number = (number << 8U) | static_cast<unsigned char>(bytes[i - 1]);
    return number;
}

}  // namespace tokenbroker::state
