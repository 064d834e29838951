#pragma once

#include "support/process.hpp"

#include <map>
#include <string>
#include <vector>

namespace tokenbroker::support {

// A program on a terminal of its own, and the person in front of it.
class TerminalProcess {
public:
    TerminalProcess(const std::vector<std::string>& argv,
                    const std::map<std::string, std::string>& environment);
    TerminalProcess(const TerminalProcess&) = delete;
    TerminalProcess& operator=(const TerminalProcess&) = delete;
    ~TerminalProcess();

    // Until the terminal shows this, after what was waited for before. Whether it did within
    // `limit`.
    bool shows(const std::string& text, Wait limit = std::chrono::seconds(10));
    void type(const std::string& keys) const;
    // Whether what is typed is shown.
    [[nodiscard]] bool echoes() const;
    // Until it has ended; throws where that takes longer than `limit`.
    Exit ended(Wait limit = std::chrono::seconds(20));
    // All that the terminal has shown.
    [[nodiscard]] const std::string& shown() const { return shown_; }

private:
    bool read_some(Wait limit);

    int terminal_ = -1;
    int other_end_ = -1;  // kept open, so that the settings outlive the program
    pid_t pid_ = -1;
    std::string shown_;
    std::size_t seen_ = 0;
};

}  // namespace tokenbroker::support
