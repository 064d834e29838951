#include "support/terminal.hpp"

#include <array>
#include <csignal>
#include <poll.h>
#include <pty.h>
#include <stdexcept>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

namespace tokenbroker::support {

TerminalProcess::TerminalProcess(const std::vector<std::string>& argv,
                                 const std::map<std::string, std::string>& environment) {
    std::vector<std::string> words = argv;
    std::vector<std::string> variables = environment_with(environment);
    std::vector<char*> word_list;
    for (std::string& word : words)
        word_list.push_back(word.data());
    word_list.push_back(nullptr);
    std::vector<char*> variable_list;
    for (std::string& variable : variables)
        variable_list.push_back(variable.data());
    variable_list.push_back(nullptr);

    if (::openpty(&terminal_, &other_end_, nullptr, nullptr, nullptr) != 0)
        throw std::runtime_error("openpty");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) {
        ::close(terminal_);
        if (::login_tty(other_end_) == 0)
            ::execve(word_list[0], word_list.data(), variable_list.data());
        ::_exit(127);
    }
}

TerminalProcess::~TerminalProcess() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(terminal_);
    ::close(other_end_);
}

bool TerminalProcess::read_some(Wait limit) {
    pollfd ready{terminal_, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(limit.count())) <= 0) return false;
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(terminal_, bytes.data(), bytes.size());
    if (got > 0) shown_.append(bytes.data(), static_cast<std::size_t>(got));
    return got > 0;
}

bool TerminalProcess::shows(const std::string& text, Wait limit) {
    const auto found = [&] {
        const auto at = shown_.find(text, seen_);
        if (at == std::string::npos) return false;
        seen_ = at + text.size();
        return true;
    };
    bool there = found();
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!there && std::chrono::steady_clock::now() < end) {
        if (read_some(std::chrono::milliseconds(50))) there = found();
    }
    return there;
}

void TerminalProcess::type(const std::string& keys) const {
    if (::write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
        throw std::runtime_error("typing");
}

bool TerminalProcess::echoes() const {
    termios settings{};
    if (::tcgetattr(other_end_, &settings) != 0) throw std::runtime_error("tcgetattr");
    return (settings.c_lflag & ECHO) != 0;
}

Exit TerminalProcess::ended(Wait limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < end) {
        read_some(std::chrono::milliseconds(20));
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) != pid_) continue;
        pid_ = -1;
        while (read_some(std::chrono::milliseconds(0))) {
        }
        if (WIFEXITED(status)) return Exit{WEXITSTATUS(status), 0};
        return Exit{-1, WTERMSIG(status)};
    }
    throw std::runtime_error("the program still runs; the terminal shows: " + shown_);
}

}  // namespace tokenbroker::support
