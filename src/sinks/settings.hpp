#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tokenbroker::sinks {

enum class Format {
    raw,     // the token, no newline
    json,    // the object that the API answers with
    header,  // "Name: value" and a newline
    env,     // NAME=value and a newline, quoted for a POSIX shell where it must be
};

// One file that follows an account's token, as configured.
struct Settings {
    std::string path;
    Format format = Format::raw;
    mode_t mode = 0440;
    std::optional<std::string> group;  // resolved when the file is written, so that a name
    std::optional<std::string> owner;  // service that fails now fails this sink alone
    std::vector<std::string> then;     // empty: no command; else absolute path and arguments
    Milliseconds timeout = std::chrono::seconds(30);

    bool operator==(const Settings&) const = default;
};

}  // namespace tokenbroker::sinks
