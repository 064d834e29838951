#pragma once

#include "base/secret.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace tokenbroker::upstream {

// Heap memory that is wiped before it is given back: for texts on their way to or from the network,
// which hold secrets but are too large and short-lived for the locked arena.
template <class T>
struct WipingAllocator {
    using value_type = T;

    WipingAllocator() noexcept = default;
    template <class U>
    explicit(false) WipingAllocator(const WipingAllocator<U>& /*other*/) noexcept {}

    T* allocate(std::size_t count) { return std::allocator<T>{}.allocate(count); }
    void deallocate(T* memory, std::size_t count) noexcept {
        wipe(memory, count * sizeof(T));
        std::allocator<T>{}.deallocate(memory, count);
    }
    template <class U>
    bool operator==(const WipingAllocator<U>& /*other*/) const noexcept {
        return true;
    }
};

using WipedString = std::basic_string<char, std::char_traits<char>, WipingAllocator<char>>;

}  // namespace tokenbroker::upstream
