#pragma once

#include "base/time.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::api {

// An answer that is made when it is asked for. (Tokens are not: they were rendered when they were
// published.)
struct Answer {
    unsigned status = 200;
    std::string_view content_type = "application/json";
    std::string headers;  // further ones, each with its CRLF
    std::string body;
    std::shared_ptr<const std::string>
        shared_body;  // in the place of `body`: shared by many answers

    [[nodiscard]] std::string_view content() const { return shared_body ? *shared_body : body; }
};

[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

// Everything of an answer's head but the status line and `Date`.
[[nodiscard]] std::string header_lines(const Answer& answer);

// The first lines of answers, kept as bytes for a second: status line and `Date`, and `Connection:
// close` where the connection ends with this answer.
class FirstLines {
public:
    void refresh(WallTime now) {
        const auto second = std::chrono::floor<std::chrono::seconds>(now);
        if (second != second_) render(second);
    }
    // Good until the next refresh().
    [[nodiscard]] std::string_view ok(bool close) const { return close ? ok_close_ : ok_; }
    [[nodiscard]] std::string of(unsigned status, bool close) const;

private:
    void render(std::chrono::sys_seconds second);

    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    std::string date_;  // with its CRLF
    std::string ok_;
    std::string ok_close_;
};

}  // namespace tokenbroker::api
