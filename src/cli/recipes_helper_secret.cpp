#include "cli/recipes_helper.hpp"
#include "host/files.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace tokenbroker::cli {
namespace {

constexpr std::size_t longest_line = std::size_t{64} * 1024;

// Written by the handler alone, read after read() has returned.
volatile std::sig_atomic_t caught_signal = 0;
void note_signal(int number) {
    caught_signal = number;
}

// While it lives the terminal shows nothing of what is typed, and a signal ends the read instead of
// the process, so that the terminal is put right first.
class SilentTerminal {
public:
    explicit SilentTerminal(int terminal) : terminal_(terminal) {
        struct sigaction noting {};
        noting.sa_handler = note_signal;
        for (std::size_t i = 0; i < signals.size(); ++i)
            sigaction(signals[i], &noting, &old_handlers_[i]);
        silent_ = tcgetattr(terminal_, &old_) == 0;
        termios quiet = old_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        silent_ = silent_ && tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
    }
    SilentTerminal(const SilentTerminal&) = delete;
    SilentTerminal& operator=(const SilentTerminal&) = delete;
    ~SilentTerminal() {
        if (silent_) tcsetattr(terminal_, TCSAFLUSH, &old_);
        for (std::size_t i = 0; i < signals.size(); ++i)
            sigaction(signals[i], &old_handlers_[i], nullptr);
    }
    [[nodiscard]] bool silent() const { return silent_; }

private:
    static constexpr std::array<int, 4> signals = {SIGINT, SIGTERM, SIGQUIT, SIGTSTP};
    int terminal_;
    termios old_{};
    bool silent_ = false;
    std::array<struct sigaction, signals.size()> old_handlers_{};
};

// One line from a descriptor, without its end.
Result<Secret> read_line(int from) {
    Secret buffer = Secret::of_size(longest_line);
    std::size_t size = 0;
    while (size < buffer.size()) {
        const ssize_t count = read(from, buffer.writable().data() + size, 1);
        if (count < 0 && errno == EINTR && caught_signal == 0) continue;
        if (count < 0) return system_error("reading a secret", errno);
        if (count == 0 || buffer.reveal()[size] == '\n') break;
        ++size;
    }
    if (size > 0 && buffer.reveal()[size - 1] == '\r') --size;
    if (size == 0) return Error(Errc::invalid_input, "the secret is empty");
    return Secret(buffer.reveal().substr(0, size));
}

Result<Secret> ask(int terminal, const std::string& question) {
    if (write(terminal, question.data(), question.size()) < 0)
        return system_error("writing to the terminal", errno);
    auto line = [&]() -> Result<Secret> {
        const SilentTerminal silent(terminal);
        if (!silent.silent())
            return Error(Errc::io, "the terminal can't be kept from showing what is typed");
        return read_line(terminal);
    }();
    if (write(terminal, "\n", 1) < 0) return system_error("writing to the terminal", errno);
    if (caught_signal != 0) std::raise(caught_signal);
    return line;
}

// Runs a program with `input` on its standard input.
Result<void> run_with_input(const std::vector<std::string>& arguments, const Secret& input) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("making a pipe", errno);
    std::vector<char*> raw;
    raw.reserve(arguments.size() + 1);
    for (const std::string& argument : arguments)
        raw.push_back(const_cast<char*>(argument.c_str()));
    raw.push_back(nullptr);
    const pid_t child = fork();
    if (child < 0) return system_error("starting " + arguments.front(), errno);
    if (child == 0) {
        dup2(ends[0], STDIN_FILENO);
        execvp(raw.front(), raw.data());
        _exit(127);
    }
    close(ends[0]);
    const std::string_view bytes = input.reveal();
    const bool sent =
        write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    close(ends[1]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (sent && WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    const bool missing = WIFEXITED(status) && WEXITSTATUS(status) == 127;
    return Error(Errc::io, arguments.front() + (missing ? " could not be started" : " failed"));
}

}  // namespace

Result<Secret> prompt_secret(const std::string& what, bool is_new) {
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) return Error(Errc::unavailable, "there is no terminal to ask for it on");
    auto first = ask(terminal, what + ": ");
    if (first && is_new) {
        const auto second = ask(terminal, what + ", again: ");
        if (!second || !(*first == *second)) first = Error(Errc::invalid_input, "the two differ");
    }
    close(terminal);
    return first;
}

Result<Secret> read_secret_line() {
    return read_line(STDIN_FILENO);
}

Result<void> write_new_secret(const std::string& path, const Secret& secret) {
    return host::make_file(host::FileSystem::kernel(), path, secret.reveal(),
                           host::FileOwnership());
}

Result<void> write_new_credential(const std::string& path, const std::string& name,
                                  const Secret& secret) {
    if (access(path.c_str(), F_OK) == 0) return Error(Errc::locked, path + " is there already");
    const mode_t old = umask(0077);
    auto done = run_with_input({"systemd-creds", "encrypt", "--name=" + name, "-", path}, secret);
    umask(old);
    return done;
}

}  // namespace tokenbroker::cli
