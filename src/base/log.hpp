#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tokenbroker {

// What an operator has to do: error, something is lost until somebody acts; warn, it will be; info,
// what changed; debug and trace, for whoever follows one refresh step by step.
enum class LogLevel { trace, debug, info, warn, error };

// One named value of a log line; without a value, or with an empty text, it is left out of the
// line. A Secret does not convert to any of these, which is the point.
struct LogField {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, std::uint64_t, bool> value;

    LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
    LogField(std::string_view field, const std::string& text)
        : name(field), value(std::string_view(text)) {}
    LogField(std::string_view field, const char* text)
        : name(field), value(std::string_view(text)) {}
    LogField(std::string_view field, bool truth) : name(field), value(truth) {}
    LogField(std::string_view field, int number) : name(field), value(std::int64_t{number}) {}
    LogField(std::string_view field, long number) : name(field), value(std::int64_t{number}) {}
    LogField(std::string_view field, unsigned number) : name(field), value(std::uint64_t{number}) {}
    LogField(std::string_view field, unsigned long number)
        : name(field), value(std::uint64_t{number}) {}
    LogField(std::string_view field, std::optional<int> number) : name(field) {
        if (number) value = std::int64_t{*number};
    }

    [[nodiscard]] bool absent() const noexcept {
        const auto* text = std::get_if<std::string_view>(&value);
        return text != nullptr && text->empty();
    }
};

// Where log lines go. `event` is a stable name for machines ("login_refused"), `message` one
// sentence for people. Never blocks. One implementation writes (host/), one remembers (tests).
class Logger {
public:
    virtual ~Logger() = default;
    virtual void write(LogLevel level, std::string_view event, std::string_view message,
                       std::initializer_list<LogField> fields) = 0;
    [[nodiscard]] virtual bool enabled(LogLevel level) const noexcept = 0;

    void debug(std::string_view event, std::string_view message,
               std::initializer_list<LogField> fields = {}) {
        if (enabled(LogLevel::debug)) write(LogLevel::debug, event, message, fields);
    }
    void info(std::string_view event, std::string_view message,
              std::initializer_list<LogField> fields = {}) {
        if (enabled(LogLevel::info)) write(LogLevel::info, event, message, fields);
    }
    void warn(std::string_view event, std::string_view message,
              std::initializer_list<LogField> fields = {}) {
        if (enabled(LogLevel::warn)) write(LogLevel::warn, event, message, fields);
    }
    void error(std::string_view event, std::string_view message,
               std::initializer_list<LogField> fields = {}) {
        if (enabled(LogLevel::error)) write(LogLevel::error, event, message, fields);
    }
};

}  // namespace tokenbroker
