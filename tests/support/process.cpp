#include "support/process.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tokenbroker::support {

namespace {

[[noreturn]] void give_up(const char* what) {
    ::perror(what);
    ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts)
        list.push_back(text.data());
    list.push_back(nullptr);
    return list;
}

int open_appending(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

Exit exit_of(int status) {
    if (WIFEXITED(status)) return Exit{WEXITSTATUS(status), 0};
    return Exit{-1, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

int left(std::chrono::steady_clock::time_point end) {
    const auto rest =
        std::chrono::duration_cast<Wait>(end - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::max<long long>(rest, 0));
}

std::string drain(int descriptor, std::chrono::steady_clock::time_point end) {
    std::string text;
    std::array<char, 4096> bytes{};
    while (true) {
        pollfd ready{descriptor, POLLIN, 0};
        if (::poll(&ready, 1, left(end)) <= 0) break;
        const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
        if (got <= 0) break;
        text.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return text;
}

}  // namespace

std::vector<std::string> environment_with(const std::map<std::string, std::string>& variables) {
    std::map<std::string, std::string> all = variables;
    all.emplace("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS"}) {
        if (const char* value = std::getenv(name)) all.emplace(name, value);
    }
    std::vector<std::string> environment;
    for (const auto& [name, value] : all)
        environment.push_back(name + "=" + value);
    return environment;
}

Process::Process(const Options& options) {
    std::vector<std::string> argv = options.argv;
    std::vector<std::string> environment = environment_with(options.environment);
    const std::vector<char*> argv_list = pointers(argv);
    const std::vector<char*> environment_list = pointers(environment);

    std::array<int, 2> pipe{-1, -1};
    if (options.output_file.empty() && ::pipe2(pipe.data(), O_CLOEXEC) != 0)
        throw std::runtime_error("pipe");
    const int output = options.output_file.empty() ? pipe[1] : open_appending(options.output_file);
    const int errors = options.error_file.empty() ? -1 : open_appending(options.error_file);
    pid_ = ::fork();
    if (pid_ == 0) {
        const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (::dup2(nothing, 0) < 0 || ::dup2(output, 1) < 0) give_up("dup2");
        if (errors >= 0 && ::dup2(errors, 2) < 0) give_up("dup2");
        if (options.descriptors > 0) {
            const rlimit limit{options.descriptors, options.descriptors};
            if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) give_up("setrlimit");
        }
        ::execve(argv_list.front(), argv_list.data(), environment_list.data());
        give_up(argv_list.front());
    }
    ::close(output);
    if (errors >= 0) ::close(errors);
    output_ = pipe[0];
    if (pid_ < 0) throw std::runtime_error("fork");
    pid_handle_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (pid_handle_ < 0) throw std::runtime_error("pidfd_open");
}

Process::Process(Process&& other) noexcept {
    *this = std::move(other);
}

Process& Process::operator=(Process&& other) noexcept {
    if (this == &other) return *this;
    forget();
    pid_ = std::exchange(other.pid_, -1);
    pid_handle_ = std::exchange(other.pid_handle_, -1);
    output_ = std::exchange(other.output_, -1);
    pending_ = std::move(other.pending_);
    exit_ = std::exchange(other.exit_, std::nullopt);
    return *this;
}

Process::~Process() {
    forget();
}

void Process::forget() noexcept {
    if (pid_ > 0 && !exit_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    for (int* descriptor : {&pid_handle_, &output_}) {
        if (*descriptor >= 0) ::close(std::exchange(*descriptor, -1));
    }
    pid_ = -1;
    exit_.reset();
}

bool Process::running() const {
    pollfd ended{pid_handle_, POLLIN, 0};
    return pid_ > 0 && !exit_ && ::poll(&ended, 1, 0) == 0;
}

void Process::signal(int number) const {
    if (pid_ > 0 && !exit_) ::kill(pid_, number);
}

std::optional<Exit> Process::wait(Wait limit) {
    if (exit_) return exit_;
    pollfd ended{pid_handle_, POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(limit.count())) <= 0) return std::nullopt;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    exit_ = exit_of(status);
    return exit_;
}

void Process::kill() {
    signal(SIGKILL);
    wait(std::chrono::seconds(10));
}

std::string Process::read_line(Wait limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (true) {
        if (const auto newline = pending_.find('\n'); newline != std::string::npos) {
            std::string line = pending_.substr(0, newline);
            pending_.erase(0, newline + 1);
            return line;
        }
        pollfd ready{output_, POLLIN, 0};
        if (::poll(&ready, 1, left(end)) <= 0)
            throw std::runtime_error("no line of output in time");
        std::array<char, 4096> bytes{};
        const ssize_t got = ::read(output_, bytes.data(), bytes.size());
        if (got <= 0)
            throw std::runtime_error("the process closed its output; it said: " + pending_);
        pending_.append(bytes.data(), static_cast<std::size_t>(got));
    }
}

Ran run(const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment,
        const std::string& input, Wait limit) {
    std::vector<std::string> arguments = argv;
    std::vector<std::string> variables = environment_with(environment);
    const std::vector<char*> argument_list = pointers(arguments);
    const std::vector<char*> variable_list = pointers(variables);
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0 ||
        ::pipe2(err.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("pipe");
    }
    const pid_t child = ::fork();
    if (child == 0) {
        if (::dup2(in[0], 0) < 0 || ::dup2(out[1], 1) < 0 || ::dup2(err[1], 2) < 0) give_up("dup2");
        ::execve(argument_list.front(), argument_list.data(), variable_list.data());
        give_up(argument_list.front());
    }
    for (const int descriptor : {in[0], out[1], err[1]})
        ::close(descriptor);
    const auto end = std::chrono::steady_clock::now() + limit;
    if (!input.empty()) (void)!::write(in[1], input.data(), input.size());
    ::close(in[1]);
    Ran ran;
    std::thread errors([&] { ran.errors = drain(err[0], end); });
    ran.output = drain(out[0], end);
    errors.join();
    ::close(out[0]);
    ::close(err[0]);
    if (std::chrono::steady_clock::now() >= end) ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ran.exit = exit_of(status);
    return ran;
}

bool eventually(Wait limit, const std::function<bool()>& condition) {
    constexpr auto pause = std::chrono::milliseconds(5);
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(pause);
    }
    return true;
}

std::string as_user(uid_t uid, gid_t gid, const std::vector<gid_t>& groups,
                    const std::function<std::string()>& work) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setgroups(groups.size(), groups.data()) != 0 || ::setgid(gid) != 0 ||
            ::setuid(uid) != 0)
            give_up("setuid");
        std::string result;
        try {
            result = work();
        } catch (const std::exception& failure) {
            result = std::string("exception: ") + failure.what();
        }
        (void)!::write(pipe[1], result.data(), result.size());
        ::_exit(0);
    }
    ::close(pipe[1]);
    std::string result =
        drain(pipe[0], std::chrono::steady_clock::now() + std::chrono::seconds(60));
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    return result;
}

Resident resident(pid_t pid) {
    // status counts in batches; smaps_rollup is exact, where it may be read.
    const std::string folder = "/proc/" + std::to_string(pid);
    Resident found;
    std::ifstream exact(folder + "/smaps_rollup");
    std::ifstream rough(folder + "/status");
    for (std::ifstream* file : {&rough, &exact}) {
        std::string line;
        while (std::getline(*file, line)) {
            std::istringstream words(line);
            std::string name;
            std::size_t kilobytes = 0;
            words >> name >> kilobytes;
            if (name == "VmRSS:" || name == "Rss:") found.all = kilobytes * 1024;
            if (name == "RssAnon:" || name == "Anonymous:") found.own = kilobytes * 1024;
        }
    }
    return found;
}

std::size_t open_descriptors(pid_t pid) {
    DIR* folder = ::opendir(("/proc/" + std::to_string(pid) + "/fd").c_str());
    if (folder == nullptr) return 0;
    std::size_t count = 0;
    while (::readdir(folder) != nullptr)
        ++count;
    ::closedir(folder);
    return count - 2;
}

std::chrono::nanoseconds cpu_time(pid_t pid) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace tokenbroker::support
