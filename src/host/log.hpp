#pragma once

#include "base/log.hpp"
#include "base/time.hpp"
#include "host/variables.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace tokenbroker::host {

enum class LogFormat {
    automatic,  // journal where stderr is the journal's, terminal where it is one, else json
    journal,    // native fields: MESSAGE, PRIORITY, TOKENBROKER_EVENT, TOKENBROKER_<FIELD>
    terminal,   // one line for people, coloured unless NO_COLOR is set
    json,       // one object a line: time, level, event, message, then the fields
};

// What `automatic` is for a descriptor (stderr).
LogFormat choose_format(int descriptor, const Variables& variables);

struct LogOptions {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::automatic;
    std::string program;  // SYSLOG_IDENTIFIER
    int descriptor = 2;   // where terminal and json go; stays the caller's
    std::string journal_socket = "/run/systemd/journal/socket";
    std::size_t queue = 1024;  // lines that may wait
};

// Writes log lines from a thread of its own, so that nobody waits for a terminal or a disk. Where
// the queue is full the oldest line is lost, and counted; where writing fails, that line is.
class ProcessLogger final : public Logger {
public:
    explicit ProcessLogger(const LogOptions& options);
    // Ends within a moment, whatever hangs: what was not flushed is lost.
    ~ProcessLogger() override;
    ProcessLogger(const ProcessLogger&) = delete;
    ProcessLogger& operator=(const ProcessLogger&) = delete;

    void write(LogLevel level, std::string_view event, std::string_view message,
               std::initializer_list<LogField> fields) override;
    [[nodiscard]] bool enabled(LogLevel level) const noexcept override;

    void set_level(LogLevel level) noexcept;
    [[nodiscard]] LogFormat format() const noexcept;  // never `automatic`
    [[nodiscard]] std::uint64_t lost() const noexcept;

    // Blocks until all that was logged before is written (true), or for `longest` (false). For the
    // very end.
    bool flush(Milliseconds longest);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tokenbroker::host
