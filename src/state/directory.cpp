#include "state/directory.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tokenbroker::state {
namespace {

Result<void> check_private(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0)
        return system_error("looking at the state directory " + path, errno);
    if (!S_ISDIR(facts.st_mode))
        return Error(Errc::misconfigured, "the state directory " + path + " is no folder");
    if (facts.st_uid != ::geteuid() && facts.st_uid != 0) {
        return Error(Errc::misconfigured, "the state directory " + path + " belongs to uid " +
                                              std::to_string(facts.st_uid) +
                                              ", not to this process");
    }
    if ((facts.st_mode & 0027) != 0) {
        return Error(Errc::misconfigured, "the state directory " + path +
                                              " may be read or written by others: chmod 0700");
    }
    return {};
}

// "pid 123 (tokenbrokerd)", from what the holder wrote into the lock file.
std::string holder_of(int lock) {
    std::array<char, 32> text{};
    const ssize_t got = ::pread(lock, text.data(), text.size() - 1, 0);
    pid_t pid = 0;
    if (got > 0) std::from_chars(text.data(), text.data() + got, pid);
    if (pid <= 0) return "another process";
    std::string name;
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::getline(file, name);
    return "pid " + std::to_string(pid) +
           (name.empty() ? " (not seen from here)" : " (" + name + ")");
}

}  // namespace

Result<StateDirectory> StateDirectory::take(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_error("making the state directory " + path, errno);
    }
    if (auto checked = check_private(path); !checked) return checked.error();
    const std::string lock_path = path + "/lock";
    host::Descriptor lock(
        ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock) return system_error("opening " + lock_path, errno);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return system_error("locking " + lock_path, errno);
        return Error(Errc::locked, "the state directory " + path + " is in use by " +
                                       holder_of(lock.get()) + ": two brokers would log in twice");
    }
    // For messages alone: the lock is the kernel's, and ends with the process.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), pid.data(), pid.size(), 0) < 0) {
        // A full disk: whoever comes second is then told less.
    }
    return StateDirectory(path, std::move(lock));
}

}  // namespace tokenbroker::state
