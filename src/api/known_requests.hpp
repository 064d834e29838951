#pragma once

#include "api/desk.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace tokenbroker::api {

// Clients ask for a token with the same bytes every time. What such bytes mean is remembered, so
// that they are compared instead of parsed: the same bytes mean the same request, whoever sends
// them. Whether the peer may have the token, and which token, is no part of it.
class KnownRequests {
public:
    struct Meaning {
        DeskHandle desk;
        Milliseconds min_ttl{};
        bool text = false;
        bool head_only = false;
        bool close = false;
    };

    // Null where the bytes are not known.
    [[nodiscard]] const Meaning* find(std::string_view bytes) const {
        if (bytes.size() > longest) return nullptr;
        const Entry& entry = entries_[slot_of(bytes)];
        return entry.bytes == bytes && entry.meaning.desk ? &entry.meaning : nullptr;
    }
    void remember(std::string_view bytes, Meaning meaning) {
        if (bytes.size() > longest) return;
        Entry& entry = entries_[slot_of(bytes)];
        entry.bytes = bytes;
        entry.meaning = std::move(meaning);
    }
    void forget() { entries_ = {}; }

private:
    static constexpr std::size_t slots = 64;
    static constexpr std::size_t longest = 1024;
    struct Entry {
        std::string bytes;
        Meaning meaning;
    };

    // Eight bytes at a time; two that share a slot only make each other be parsed.
    static std::size_t slot_of(std::string_view bytes) noexcept {
        std::uint64_t mixed = bytes.size();
        while (bytes.size() >= 8) {
            std::uint64_t piece = 0;
            std::memcpy(&piece, bytes.data(), 8);
            mixed = (mixed ^ piece) * 0x9E3779B97F4A7C15U;
            mixed ^= mixed >> 29U;
            bytes.remove_prefix(8);
        }
        for (const char c : bytes)
            mixed = (mixed ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
        return (mixed ^ (mixed >> 32U)) % slots;
    }

    std::array<Entry, slots> entries_;
};

}  // namespace tokenbroker::api
