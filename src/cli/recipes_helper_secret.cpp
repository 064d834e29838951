#include "cli/recipes_helper.hpp"
#include "host/descriptor.hpp"
#include "host/files.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tokenbroker::cli {
namespace {

constexpr const char* sealer = "systemd-creds";

struct Pipe {
    host::Descriptor reading;
    host::Descriptor writing;
};
Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("making a pipe", errno);
    return Pipe{host::Descriptor(ends[0]), host::Descriptor(ends[1])};
}

[[noreturn]] void become_sealer(const std::string& name, int input, int output) {
    std::signal(SIGPIPE, SIG_DFL);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    const std::string option = "--name=" + name;
    execlp(sealer, sealer, "encrypt", option.c_str(), "-", "-", nullptr);
    _exit(127);
}

std::string read_all(int from) {
    std::string text;
    std::array<char, 4096> bytes{};
    while (true) {
        const ssize_t count = read(from, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return text;
        text.append(bytes.data(), static_cast<std::size_t>(count));
    }
}

// What systemd-creds makes of a secret. It is small enough for a pipe's buffer, and so is what
// comes of it.
Result<std::string> sealed(const std::string& name, const Secret& secret) {
    auto input = make_pipe();
    auto output = make_pipe();
    if (!input || !output) return input ? output.error() : input.error();
    const pid_t child = fork();
    if (child < 0) return system_error("starting systemd-creds", errno);
    if (child == 0) become_sealer(name, input->reading.get(), output->writing.get());
    input->reading.reset();
    output->writing.reset();
    const std::string_view bytes = secret.reveal();
    const bool sent = write(input->writing.get(), bytes.data(), bytes.size()) ==
                      static_cast<ssize_t>(bytes.size());
    input->writing.reset();
    std::string made = read_all(output->reading.get());
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (sent && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !made.empty()) return made;
    const bool missing = WIFEXITED(status) && WEXITSTATUS(status) == 127;
    return Error(Errc::io, missing ? "systemd-creds could not be started" : "systemd-creds failed");
}

}  // namespace

Result<void> write_new_secret(const std::string& path, const Secret& secret) {
    return host::make_file(host::FileSystem::kernel(), path, secret.reveal(),
                           host::FileOwnership());
}

Result<void> write_new_credential(const std::string& path, const std::string& name,
                                  const Secret& secret) {
    const auto text = sealed(name, secret);
    if (!text) return text.error();
    return host::make_file(host::FileSystem::kernel(), path, *text, host::FileOwnership());
}

}  // namespace tokenbroker::cli
