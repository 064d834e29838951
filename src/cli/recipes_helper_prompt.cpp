#include "cli/recipes_helper.hpp"
#include "host/descriptor.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace tokenbroker::cli {
namespace {

constexpr std::size_t longest_line = std::size_t{64} * 1024;

// Written by the handler alone, read while its signals are blocked.
volatile std::sig_atomic_t caught_signal = 0;
void note_signal(int number) {
    caught_signal = number;
}

// While it lives the terminal shows nothing of what is typed, and a signal ends the wait instead of
// the process, so that the terminal is put right first.
class SilentTerminal {
public:
    explicit SilentTerminal(int terminal) : terminal_(terminal) {
        sigset_t mine{};
        sigemptyset(&mine);
        for (const int number : signals)
            sigaddset(&mine, number);
        pthread_sigmask(SIG_BLOCK, &mine, &old_mask_);
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
        pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
    }
    [[nodiscard]] bool silent() const { return silent_; }
    // Until a line was typed, or a signal came.
    void wait() const {
        pollfd typed{terminal_, POLLIN, 0};
        ppoll(&typed, 1, nullptr, &old_mask_);
    }

private:
    static constexpr std::array signals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    int terminal_;
    termios old_{};
    bool silent_ = false;
    sigset_t old_mask_{};
    std::array<struct sigaction, signals.size()> old_handlers_{};
};

// One line from a descriptor, without its end.
Result<Secret> read_line(int from) {
    Secret buffer = Secret::of_size(longest_line);
    std::size_t size = 0;
    while (size < buffer.size()) {
        const ssize_t count = read(from, buffer.writable().data() + size, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("reading a secret", errno);
        if (count == 0 || buffer.reveal()[size] == '\n') break;
        ++size;
    }
    if (size > 0 && buffer.reveal()[size - 1] == '\r') --size;
    if (size == 0) return Error(Errc::invalid_input, "the secret is empty");
    return Secret(buffer.reveal().substr(0, size));
}

// None: a signal came, and has to be acted on.
Result<std::optional<Secret>> ask_once(int terminal, const std::string& question) {
    const SilentTerminal silent(terminal);
    if (!silent.silent())
        return Error(Errc::io, "the terminal can't be kept from showing what is typed");
    // Only now: who answers at once must not be shown either.
    if (write(terminal, question.data(), question.size()) < 0)
        return system_error("writing to the terminal", errno);
    silent.wait();
    auto line = caught_signal == 0 ? read_line(terminal) : Result<Secret>(Secret());
    if (write(terminal, "\n", 1) < 0) return system_error("writing to the terminal", errno);
    if (caught_signal != 0) return std::optional<Secret>();
    if (!line) return line.error();
    return std::optional<Secret>(std::move(*line));
}

Result<Secret> ask(int terminal, const std::string& question) {
    while (true) {
        caught_signal = 0;
        auto asked = ask_once(terminal, question);
        if (!asked) return asked.error();
        if (*asked) return std::move(**asked);
        // It ends or stops us, now that the terminal is right. Who goes on is asked again.
        std::raise(caught_signal);
    }
}

}  // namespace

Result<Secret> prompt_secret(const std::string& what, bool is_new) {
    const host::Descriptor terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) return Error(Errc::unavailable, "there is no terminal to ask for it on");
    auto first = ask(terminal.get(), what + ": ");
    if (!first || !is_new) return first;
    const auto second = ask(terminal.get(), what + ", again: ");
    if (!second) return second.error();
    if (!(*first == *second)) return Error(Errc::invalid_input, "the two differ");
    return first;
}

Result<Secret> read_secret_line() {
    return read_line(STDIN_FILENO);
}

}  // namespace tokenbroker::cli
