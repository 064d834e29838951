#pragma once

#include "support/machine_page.hpp"
#include "support/temp_dir.hpp"

#include <chrono>
#include <map>
#include <string>

namespace tokenbroker::support {

// A machine of its own for one daemon, as machine_shim.cpp plays it: start the daemon with
// environment().
class OwnMachine {
public:
    explicit OwnMachine(const TempDir& folder);
    ~OwnMachine();
    OwnMachine(const OwnMachine&) = delete;
    OwnMachine& operator=(const OwnMachine&) = delete;

    [[nodiscard]] std::map<std::string, std::string> environment() const;

    // The wall clock is set to so much before or after the true time.
    void set_wall_clock(std::chrono::seconds ahead);
    // It was suspended for so long. The daemon should be stopped (SIGSTOP) meanwhile.
    void sleep(std::chrono::seconds span);
    // Writes to files in whose path `where` is fail so; 0: no more.
    void fail_writes(int error, const std::string& where);
    // Its kernel is older than 6.5.
    void have_old_kernel();
    // The name service fails so; 0: no more.
    void fail_names(int error);

private:
    void step() const;

    std::string path_;
    MachinePage* page_;
};

}  // namespace tokenbroker::support
