#pragma once

#include "base/place.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::document {

enum class Kind {
    null,     // nothing after the key, `~` or `null`
    scalar,   // text
    list,     // items()
    map,      // entries()
    refused,  // an alias or a tagged value: a mistake was added when it was parsed, readers add
              // none
};

// Where in the file, kept small: the name of the file is shared.
struct Spot {
    std::shared_ptr<const std::string> file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    [[nodiscard]] Place place() const { return {file ? *file : std::string(), line, column}; }
};

struct Entry;

// One value of a YAML document, with its place. A scalar is the text that was written, nothing
// guessed: `yes`, `010` and `1e5` are just that. Readers (read.hpp) decide what a text may mean.
class Value {
public:
    Value(const Value& other);
    Value(Value&& other) noexcept;
    Value& operator=(const Value& other);
    Value& operator=(Value&& other) noexcept;
    ~Value();

    static Value null(Spot spot);
    static Value refused(Spot spot);
    // `quoted`: written in quotes or as a block scalar, thus surely meant as text.
    static Value scalar(Spot spot, std::string text, bool quoted);
    static Value list(Spot spot);
    static Value map(Spot spot);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] Place place() const { return spot_.place(); }
    [[nodiscard]] const Spot& spot() const noexcept { return spot_; }

    [[nodiscard]] const std::string& text() const noexcept {
        return text_;
    }  // empty but for scalars
    [[nodiscard]] bool quoted() const noexcept { return quoted_; }
    [[nodiscard]] const std::vector<Value>& items() const noexcept { return items_; }  // in order
    [[nodiscard]] const std::vector<Entry>& entries() const noexcept {
        return entries_;
    }  // in order, keys differ
    // The value under a key of a map; null where there is none.
    [[nodiscard]] const Value* find(std::string_view key) const noexcept;

    void append(Value item);
    void append(Entry entry);

private:
    Value(Kind kind, Spot spot);

    Kind kind_;
    bool quoted_ = false;
    Spot spot_;
    std::string text_;
    std::vector<Value> items_;
    std::vector<Entry> entries_;
};

struct Entry {
    std::string key;
    Spot key_spot;
    Value value;
};

// How a value is called in a message: "a list", "a map", "nothing", "text".
std::string_view describe(Kind kind) noexcept;

}  // namespace tokenbroker::document
