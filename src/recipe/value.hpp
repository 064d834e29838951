#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tokenbroker::recipe {

// What a value may be. Text is kept as a Secret whether it is one or not: nobody has to remember
// which.
using Scalar = std::variant<Secret, std::int64_t, std::uint64_t, double, bool, Milliseconds>;

// One value that a placeholder stands for: an input as configured, or what a step took from an
// answer.
class Value {
public:
    // `secret`: never shown. `assumed`: a default of ours, in place of what the upstream did not
    // say.
    explicit Value(Scalar scalar, bool secret = false, bool assumed = false)
        : scalar_(std::move(scalar)), secret_(secret), assumed_(assumed) {}
    static Value text(std::string_view text) { return Value(Scalar(Secret(text))); }
    // A text that may hold '/' where it stands in a path.
    static Value path(std::string_view text);

    [[nodiscard]] const Scalar& scalar() const noexcept { return scalar_; }
    [[nodiscard]] bool secret() const noexcept { return secret_; }
    [[nodiscard]] bool assumed() const noexcept { return assumed_; }

    [[nodiscard]] bool is_path() const noexcept { return path_; }

    // As text: numbers in decimal, booleans as true and false, a duration as whole seconds, rounded
    // down, at least 1.
    [[nodiscard]] Secret as_text() const;
    // For people: the text, or "***" for a secret; a duration as "162h".
    [[nodiscard]] std::string shown() const;

    bool operator==(const Value&) const = default;

private:
    Scalar scalar_;
    bool secret_;
    bool assumed_;
    bool path_ = false;
};

// Values by name. A later value of a name replaces the earlier one.
class Values {
public:
    void set(std::string name, Value value) {
        by_name_.insert_or_assign(std::move(name), std::move(value));
    }
    void merge(const Values& newer);  // what `newer` has replaces what is here
    void erase(std::string_view name);

    // Null where there is none.
    [[nodiscard]] const Value* find(std::string_view name) const noexcept;
    [[nodiscard]] bool has(std::string_view name) const noexcept { return find(name) != nullptr; }
    [[nodiscard]] const std::map<std::string, Value, std::less<>>& all() const noexcept {
        return by_name_;
    }

    // The text of every secret value, for base/mask.hpp.
    [[nodiscard]] std::vector<Secret> secrets() const;

    bool operator==(const Values&) const = default;

private:
    std::map<std::string, Value, std::less<>> by_name_;
};

}  // namespace tokenbroker::recipe
