#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::recipe {

// A JSON pointer (RFC 6901).
class Pointer {
public:
    Pointer() = default;  // the whole document
    static Result<Pointer> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    // Member names or list indexes, unescaped.
    [[nodiscard]] const std::vector<std::string>& steps() const noexcept { return steps_; }

private:
    std::string text_;
    std::vector<std::string> steps_;
};

}  // namespace tokenbroker::recipe
