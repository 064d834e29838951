#pragma once

#include "host/descriptor.hpp"

#include <atomic>
#include <string>
#include <string_view>

// Where rendered log lines end. Used by the writer's thread alone; `abandon`, set by the other one,
// makes it stop waiting.
namespace tokenbroker::host {

class LogOutput {
public:
    virtual ~LogOutput() = default;
    // Waits as long as it takes for the other side to take the line. False: the line is lost.
    virtual bool write(std::string_view line, const std::atomic<bool>& abandon) = 0;
};

class StreamOutput final : public LogOutput {
public:
    explicit StreamOutput(int descriptor) : descriptor_(descriptor) {}
    bool write(std::string_view line, const std::atomic<bool>& abandon) override;

private:
    int descriptor_;
};

class JournalOutput final : public LogOutput {
public:
    explicit JournalOutput(std::string path) : path_(std::move(path)) {}
    bool write(std::string_view line, const std::atomic<bool>& abandon) override;

private:
    bool connect();

    std::string path_;
    Descriptor socket_;
};

}  // namespace tokenbroker::host
