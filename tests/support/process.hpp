#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tokenbroker::support {

using Wait = std::chrono::milliseconds;

// How a process ended.
struct Exit {
    int status = -1;  // of exit(); -1: it died of a signal
    int signal = 0;
};

// The environment of a child: these, a PATH where they have none, and where the sanitizers report,
// if they were told. Nothing else is inherited.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& variables);

// A child of the test. Its error output goes to a file; its output too, or to a pipe. Killed with
// the object.
class Process {
public:
    struct Options {
        std::vector<std::string> argv;
        std::map<std::string, std::string> environment;  // as environment_with()
        std::string error_file;                          // appended to
        std::string output_file;                         // empty: a pipe, see read_line()
        unsigned descriptors = 0;                        // RLIMIT_NOFILE, soft and hard; 0: as ours
    };

    Process() = default;
    explicit Process(const Options& options);
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    ~Process();

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running() const;
    void signal(int number) const;
    // None: it still runs after `limit`.
    std::optional<Exit> wait(Wait limit);
    // kill -9, and gone when this returns.
    void kill();
    // The next line of its output, without newline. Throws when none comes within `limit`.
    std::string read_line(Wait limit);

private:
    void forget() noexcept;

    pid_t pid_ = -1;
    int pid_handle_ = -1;
    int output_ = -1;
    std::string pending_;
    std::optional<Exit> exit_;
};

// Runs a program to its end: exit and both outputs.
struct Ran {
    Exit exit;
    std::string output;
    std::string errors;
};
Ran run(const std::vector<std::string>& argv,
        const std::map<std::string, std::string>& environment = {}, const std::string& input = "",
        Wait limit = std::chrono::seconds(20));

// Until `condition` holds: looked at each few milliseconds. Whether it did within `limit`.
bool eventually(Wait limit, const std::function<bool()>& condition);

// What `work` returns when it is done by a child process as another user. Needs root.
std::string as_user(uid_t uid, gid_t gid, const std::vector<gid_t>& groups,
                    const std::function<std::string()>& work);

// Memory that is resident, in bytes: all of it, and what is the process's own (not code that others
// share).
struct Resident {
    std::size_t all = 0;
    std::size_t own = 0;
};
Resident resident(pid_t pid);
// Open descriptors; CPU time used so far.
std::size_t open_descriptors(pid_t pid);
std::chrono::nanoseconds cpu_time(pid_t pid);

}  // namespace tokenbroker::support
