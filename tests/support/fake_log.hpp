#pragma once

#include "base/log.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tokenbroker::support {

// A logger that remembers every line, whatever its level.
class FakeLog final : public Logger {
public:
    struct Line {
        LogLevel level;
        std::string event;
        std::string text;  // "message name=value name=value"
    };

    void write(LogLevel level, std::string_view event, std::string_view message,
               std::initializer_list<LogField> fields) override {
        Line line{level, std::string(event), std::string(message)};
        for (const LogField& field : fields) {
            if (field.absent()) continue;
            line.text.append(" ").append(field.name).append("=").append(text_of(field));
        }
        lines.push_back(std::move(line));
    }
    [[nodiscard]] bool enabled(LogLevel /*level*/) const noexcept override { return true; }

    [[nodiscard]] std::size_t count(std::string_view event) const {
        return static_cast<std::size_t>(std::count_if(
            lines.begin(), lines.end(), [&](const Line& line) { return line.event == event; }));
    }
    // All of it, a line each.
    [[nodiscard]] std::string text() const {
        std::string all;
        for (const Line& line : lines)
            all.append(line.event).append(": ").append(line.text).append("\n");
        return all;
    }

    std::vector<Line> lines;

private:
    static std::string text_of(const LogField& field) {
        if (const auto* text = std::get_if<std::string_view>(&field.value))
            return std::string(*text);
        if (const auto* number = std::get_if<std::int64_t>(&field.value))
            return std::to_string(*number);
        if (const auto* number = std::get_if<std::uint64_t>(&field.value))
            return std::to_string(*number);
        return std::get<bool>(field.value) ? "true" : "false";
    }
};

}  // namespace tokenbroker::support
