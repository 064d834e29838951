#pragma once

#include "base/time.hpp"
#include "document/mistakes.hpp"
#include "document/value.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Values to types. Each reader returns nothing after adding a mistake that says what was found and
// what is allowed; for a refused value it adds none. What was found is shown, unless the reader
// says otherwise.
namespace tokenbroker::document {

// Any scalar as it was written, one line or many; may be empty. What was found is never shown.
std::optional<std::string> read_text(const Value& value, Mistakes& mistakes);
// Text that is not empty and holds no control character.
std::optional<std::string> read_word(const Value& value, Mistakes& mistakes);
// `true` or `false`, not in quotes.
std::optional<bool> read_boolean(const Value& value, Mistakes& mistakes);
// Decimal digits, not in quotes, no leading zero; both bounds included.
std::optional<std::int64_t> read_integer(const Value& value, Mistakes& mistakes, std::int64_t least,
                                         std::int64_t most);
// DURATION (base/time.hpp); both bounds included.
std::optional<Milliseconds> read_duration(const Value& value, Mistakes& mistakes,
                                          Milliseconds least, Milliseconds most);
// Digits and B, KiB or MiB, in bytes; both bounds included.
std::optional<std::uint64_t> read_size(const Value& value, Mistakes& mistakes, std::uint64_t least,
                                       std::uint64_t most);
// `80%` or `2.5%` as hundredths of a percent: 8000, 250; both bounds included, in whole percent.
std::optional<std::uint32_t> read_percentage(const Value& value, Mistakes& mistakes,
                                             std::uint32_t least, std::uint32_t most);
// A file mode: three octal digits, a 0 before them or not, in quotes.
std::optional<std::uint32_t> read_mode(const Value& value, Mistakes& mistakes);
// An absolute path without NUL.
std::optional<std::string> read_path(const Value& value, Mistakes& mistakes);
// One of a set of words; the index of the word.
std::optional<std::size_t> read_choice(const Value& value, Mistakes& mistakes,
                                       std::span<const std::string_view> allowed);
// The value if it is a list (a map); else a mistake that names `what` was expected: "a list of
// steps".
const Value* expect_list(const Value& value, std::string_view what, Mistakes& mistakes);
const Value* expect_map(const Value& value, std::string_view what, Mistakes& mistakes);

// A value in messages: printable, short, in quotes; or the name of its kind.
std::string show(const Value& value);

// Reads a map with known keys. A value that is no map, and each key that is not among `keys`, is a
// mistake as soon as the reader is made; `what` names the map in messages: "a sink". Refers to its
// arguments.
class MapReader {
public:
    MapReader(const Value& value, std::string_view what, std::span<const std::string_view> keys,
              Mistakes& mistakes);

    // It is a map at all: what is missing in it would be worth a mistake.
    [[nodiscard]] bool usable() const noexcept { return usable_; }
    // The value of a key; null where the key is absent. `key` has to be among `keys`.
    [[nodiscard]] const Value* find(std::string_view key) const;
    // The same, and absent is a mistake at the place of the map.
    [[nodiscard]] const Value* require(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }

    // Reads what is there into `into` by a reader from above: map.take("idle", idle, read_duration,
    // 1ms, 1h). True where the key is there and right.
    template <class T, class Reader, class... Arguments>
    bool take(std::string_view key, T& into, Reader reader, Arguments... arguments) const {
        return take_from(find(key), into, reader, arguments...);
    }
    template <class T, class Reader, class... Arguments>
    bool take_required(std::string_view key, T& into, Reader reader, Arguments... arguments) const {
        return take_from(require(key), into, reader, arguments...);
    }

    [[nodiscard]] const Value& value() const noexcept { return value_; }
    [[nodiscard]] Mistakes& mistakes() const noexcept { return mistakes_; }

private:
    template <class T, class Reader, class... Arguments>
    bool take_from(const Value* found, T& into, Reader reader, Arguments... arguments) const {
        if (found == nullptr) return false;
        auto result = reader(*found, mistakes_, arguments...);
        if (!result) return false;
        into = std::move(*result);
        return true;
    }

    const Value& value_;
    std::string_view what_;
    std::span<const std::string_view> keys_;
    Mistakes& mistakes_;
    bool usable_;
};

}  // namespace tokenbroker::document
