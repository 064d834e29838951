#include "host/child.hpp"

#include "host/descriptor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tokenbroker::host {
namespace {

using SteadyClock = std::chrono::steady_clock;

Result<void> checked(const char* what, int error) {
    if (error != 0) return system_error(what, error);
    return {};
}

// posix_spawn's two parts, freed whatever happens between.
class Preparation {
public:
    Preparation() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    Preparation(const Preparation&) = delete;
    Preparation& operator=(const Preparation&) = delete;
    ~Preparation() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }

    // `output`: the write end of a pipe, or -1.
    Result<void> fill(int output) {
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        constexpr auto flags =
            POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        int error = ::posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
        if (error == 0) error = ::posix_spawnattr_setpgroup(&attributes, 0);
        if (error == 0) error = ::posix_spawnattr_setsigmask(&attributes, &none);
        if (error == 0) error = ::posix_spawnattr_setsigdefault(&attributes, &all);
        if (error == 0 && output >= 0)
            error = ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (error == 0) error = open_null(STDIN_FILENO, O_RDONLY);
        if (error == 0 && output < 0) error = open_null(STDOUT_FILENO, O_WRONLY);
        if (error == 0) error = open_null(STDERR_FILENO, O_WRONLY);
        if (error == 0)
            error = ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
        return checked("preparing a child process", error);
    }

    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};

private:
    int open_null(int number, int flags) {
        return ::posix_spawn_file_actions_addopen(&actions, number, "/dev/null", flags, 0);
    }
};

std::vector<std::string> environment_for(const std::string& account) {
    std::vector<std::string> environment;
    // Only the loop's thread ever changes the environment, and it does not once there are workers.
    const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
    const char* lang = std::getenv("LANG");  // NOLINT(concurrency-mt-unsafe)
    environment.push_back(std::string("PATH=") +
                          (path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin"));
    environment.push_back(std::string("LANG=") + (lang != nullptr ? lang : "C.UTF-8"));
    environment.push_back("TOKENBROKER_ACCOUNT=" + account);
    return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// A started child: killed with its group, and reaped, unless it was seen to end.
class Child {
public:
    explicit Child(pid_t pid)
        : pid_(pid), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (reaped_) return;
        ::kill(-pid_, SIGKILL);
        reap();
    }

    [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

    ChildOutcome reap() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        reaped_ = true;
        ChildOutcome outcome;
        if (WIFEXITED(status)) outcome.exit_status = WEXITSTATUS(status);
        if (WIFSIGNALED(status)) outcome.ended_by_signal = WTERMSIG(status);
        return outcome;
    }

private:
    pid_t pid_;
    Descriptor pidfd_;
    bool reaped_ = false;
};

// What is in the pipe now, into `output`, up to its end. Says whether more may come; too_large
// where it is more than fits.
Result<bool> drain(int pipe, Secret& output, std::size_t& filled) {
    while (true) {
        if (filled == output.size()) return Error(Errc::too_large, "more output than allowed");
        const ssize_t got = ::read(pipe, output.writable().data() + filled, output.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return true;
        if (got < 0) return system_error("reading its output", errno);
        if (got == 0) return false;
        filled += static_cast<std::size_t>(got);
    }
}

Result<ChildOutcome> follow(Child& child, Descriptor pipe, const ChildCommand& command) {
    const auto deadline = SteadyClock::now() + command.timeout;
    // One byte more than allowed, so that too much is seen.
    Secret output = Secret::of_size(command.capture ? command.longest_output + 1 : 0);
    std::size_t filled = 0;
    while (true) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - SteadyClock::now());
        if (left <= Milliseconds::zero()) {
            return Error(Errc::timeout, "no end within " + format_duration(command.timeout));
        }
        std::array<pollfd, 2> wanted{{{child.pidfd(), POLLIN, 0}, {pipe.get(), POLLIN, 0}}};
        const int ready =
            ::poll(wanted.data(), wanted.size(),
                   static_cast<int>(std::min<Milliseconds::rep>(left.count(), 60'000)));
        if (ready < 0 && errno != EINTR) return system_error("waiting for it", errno);
        if (ready <= 0) continue;
        if (wanted[1].revents != 0) {
            auto more = drain(pipe.get(), output, filled);
            if (!more) return more.error();
            if (!*more) pipe.reset();
        }
        if (wanted[0].revents != 0) {
            // What it wrote last is in the pipe; a grandchild that holds the pipe open is not
            // waited for.
            if (pipe) {
                if (auto more = drain(pipe.get(), output, filled); !more) return more.error();
            }
            ChildOutcome outcome = child.reap();
            outcome.output = Secret(output.reveal().substr(0, filled));
            return outcome;
        }
    }
}

}  // namespace

std::string ChildOutcome::text() const {
    if (ended_by_signal == 0) return "exit status " + std::to_string(exit_status);
    const char* name = ::sigabbrev_np(ended_by_signal);
    return "killed by " +
           (name != nullptr ? std::string("SIG") + name : std::to_string(ended_by_signal));
}

Result<ChildOutcome> run_child(const ChildCommand& command) {
    const std::string program =
        command.arguments.empty() ? std::string() : command.arguments.front();
    if (program.empty() || program.front() != '/') {
        return Error(Errc::invalid_input, "a command begins with an absolute path");
    }
    Descriptor read_end;
    Descriptor write_end;
    if (command.capture) {
        std::array<int, 2> ends{-1, -1};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("making a pipe", errno);
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
        // Our end alone: the child's shares no flags with it.
        ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
    }
    Preparation preparation;
    if (auto filled = preparation.fill(write_end.get()); !filled) return filled.error();
    std::vector<std::string> arguments = command.arguments;
    std::vector<std::string> environment = environment_for(command.account);
    std::vector<char*> argument_pointers = pointers_to(arguments);
    std::vector<char*> environment_pointers = pointers_to(environment);
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, program.c_str(), &preparation.actions, &preparation.attributes,
                      argument_pointers.data(), environment_pointers.data());
    write_end.reset();
    if (error != 0) return system_error("running " + program, error);
    Child child(pid);
    if (child.pidfd() < 0) return system_error("holding " + program, errno);
    auto outcome = follow(child, std::move(read_end), command);
    if (!outcome) return outcome.error().during(program);
    return outcome;
}

}  // namespace tokenbroker::host
