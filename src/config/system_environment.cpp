#include "config/system_environment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <memory>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace tokenbroker::config {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int number() const noexcept { return number_; }

private:
    int number_;
};

constexpr mode_t all_writing = S_IWUSR | S_IWGRP | S_IWOTH;

// A folder that Kubernetes makes of a ConfigMap may be written by all, were it not mounted
// read-only.
Environment::Status status_of(const struct stat& found, bool read_only) {
    Environment::Status status;
    status.mode = found.st_mode & 07777U;
    if (read_only) status.mode &= ~all_writing;
    status.owner = found.st_uid;
    status.group = found.st_gid;
    if (S_ISREG(found.st_mode)) status.type = Environment::FileType::regular;
    if (S_ISDIR(found.st_mode)) status.type = Environment::FileType::directory;
    return status;
}

Result<std::string> read_all(int descriptor, std::size_t largest) {
    std::string content;
    content.resize(std::min<std::size_t>(largest + 1, std::size_t{64} * 1024));
    std::size_t size = 0;
    for (;;) {
        const ssize_t got = ::read(descriptor, content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("can't be read", errno);
        size += static_cast<std::size_t>(got);
        if (size > largest) {
            return Error(Errc::too_large,
                         "the file is too large; at most " + std::to_string(largest) + " bytes");
        }
        if (got == 0) break;
        if (size == content.size()) content.resize(std::min(largest + 1, content.size() * 2));
    }
    content.resize(size);
    return content;
}

// What getpwnam_r and getgrnam_r return for a name that is not there differs between name services
// (getpwnam(3)).
Environment::Answer answer_of(int error) {
    constexpr int not_there[] = {0, ENOENT, ESRCH, EBADF, EPERM};
    return std::ranges::find(not_there, error) != std::end(not_there) ? Environment::Answer::unknown
                                                                      : Environment::Answer::failed;
}

template <class Record, class LookUp>
Environment::Id look_up(LookUp ask, unsigned (*id_of)(const Record&)) {
    constexpr std::size_t largest_record = std::size_t{16} * 1024 * 1024;
    for (std::size_t size = 4096; size <= largest_record; size *= 4) {
        std::vector<char> buffer(size);
        Record record{};
        Record* found = nullptr;
        const int error = ask(&record, buffer.data(), buffer.size(), &found);
        if (error == ERANGE) continue;
        if (found != nullptr) return {Environment::Answer::found, id_of(record)};
        return {answer_of(error), 0};
    }
    return {};
}

}  // namespace

Result<Environment::File> SystemEnvironment::read_file(const std::string& path,
                                                       std::size_t largest) {
    // Without O_NONBLOCK a FIFO in the place of a file would hold us up for ever.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.number() < 0) return system_error("can't be read", errno);
    struct stat found {};
    if (::fstat(file.number(), &found) != 0) return system_error("can't be read", errno);
    if (!S_ISREG(found.st_mode)) return Error(Errc::invalid_input, "not a regular file");
    struct statvfs mounted {};
    if (::fstatvfs(file.number(), &mounted) != 0) return system_error("can't be read", errno);
    auto content = read_all(file.number(), largest);
    if (!content) return content.error();
    return File{std::move(*content), status_of(found, (mounted.f_flag & ST_RDONLY) != 0)};
}

Result<Environment::Status> SystemEnvironment::status(const std::string& path) {
    struct stat found {};
    struct statvfs mounted {};
    if (::stat(path.c_str(), &found) != 0 || ::statvfs(path.c_str(), &mounted) != 0)
        return system_error("can't be looked at", errno);
    return status_of(found, (mounted.f_flag & ST_RDONLY) != 0);
}

Result<std::vector<std::string>> SystemEnvironment::list(const std::string& folder) {
    const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), &::closedir);
    if (!opened) return system_error("can't be listed", errno);
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(opened.get());
        if (entry == nullptr) break;
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    if (errno != 0) return system_error("can't be listed", errno);
    std::ranges::sort(names);
    return names;
}

std::optional<std::string> SystemEnvironment::variable(const std::string& name) {
    const char* value = ::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

Environment::Id SystemEnvironment::user(const std::string& name) {
    const auto ask = [&](passwd* record, char* buffer, std::size_t size, passwd** found) {
        return ::getpwnam_r(name.c_str(), record, buffer, size, found);
    };
    return look_up<passwd>(
        ask, +[](const passwd& record) { return record.pw_uid; });
}

Environment::Id SystemEnvironment::group(const std::string& name) {
    const auto ask = [&](::group* record, char* buffer, std::size_t size, ::group** found) {
        return ::getgrnam_r(name.c_str(), record, buffer, size, found);
    };
    return look_up<::group>(
        ask, +[](const ::group& record) { return record.gr_gid; });
}

uid_t SystemEnvironment::own_uid() {
    return ::geteuid();
}

bool SystemEnvironment::may_change_owner() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
    if (::syscall(SYS_capget, &header, data) != 0) return false;
    return (data[0].effective & (1U << CAP_CHOWN)) != 0;
}

}  // namespace tokenbroker::config
