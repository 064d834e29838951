#pragma once

#include "base/log.hpp"
#include "base/time.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

// One log line in each of its forms. Pure. No value can forge a line or a field, colour a terminal,
// or make a line of more than some 64 KiB.
namespace tokenbroker::host {

struct LogRecord {
    WallTime time;
    LogLevel level = LogLevel::info;
    std::string_view event;
    std::string_view message;
    std::initializer_list<LogField> fields;
};

std::string_view level_word(LogLevel level) noexcept;

// "2026-11-22T00:00:00.123Z warn  message event=login_refused account=x\n"
std::string render_terminal(const LogRecord& record, bool colour);
// {"time":...,"level":...,"event":...,"message":...,"account":"x"}\n
std::string render_json(const LogRecord& record);
// systemd.io/JOURNAL_NATIVE_PROTOCOL. MESSAGE has the fields behind the sentence, as `journalctl`
// shows it alone.
std::string render_journal(const LogRecord& record, std::string_view program);

}  // namespace tokenbroker::host
