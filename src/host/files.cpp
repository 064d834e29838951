#include "host/files.hpp"

#include "base/encode.hpp"
#include "host/crypto.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <utility>

namespace tokenbroker::host {
namespace {

// A descriptor that is closed through the port, so that a failing close() is seen where it matters.
class OpenFile {
public:
    OpenFile(FileSystem& files, int number) : files_(files), number_(number) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() { close(); }

    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] bool valid() const noexcept { return number_ >= 0; }
    int close() { return number_ < 0 ? 0 : files_.close(std::exchange(number_, -1)); }

private:
    FileSystem& files_;
    int number_;
};

int open_retrying(FileSystem& files, const std::string& path, int flags, mode_t mode) {
    while (true) {
        const int file = files.open(path.c_str(), flags | O_CLOEXEC, mode);
        if (file >= 0 || errno != EINTR) return file;
    }
}

Result<void> write_all(FileSystem& files, int file, std::string_view content,
                       const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = files.write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("writing " + path, errno);
        if (written == 0) return system_error("writing " + path, EIO);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> fill(FileSystem& files, OpenFile& file, const std::string& path,
                  std::string_view content, const FileOwnership& ownership) {
    // Who may read it is settled before there is anything to read. The group first: it may clear
    // mode bits.
    if (ownership.owner || ownership.group) {
        const uid_t owner = ownership.owner.value_or(static_cast<uid_t>(-1));
        const gid_t group = ownership.group.value_or(static_cast<gid_t>(-1));
        if (files.fchown(file.get(), owner, group) != 0)
            return system_error("giving away " + path, errno);
    }
    if (files.fchmod(file.get(), ownership.mode) != 0)
        return system_error("setting the mode of " + path, errno);
    if (auto written = write_all(files, file.get(), content, path); !written) return written;
    if (files.fsync(file.get()) != 0) return system_error("syncing " + path, errno);
    if (file.close() != 0) return system_error("closing " + path, errno);
    return {};
}

// A new file beside `path`, complete and durable, under a name that nobody else takes. Its name, or
// why not; then nothing of it is left.
Result<std::string> make_beside(FileSystem& files, const std::string& path,
                                std::string_view content, const FileOwnership& ownership) {
    std::array<char, 8> random{};
    fill_random(random.data(), random.size());
    const std::string name = folder_of(path) + "/." + path.substr(path.rfind('/') + 1) + "." +
                             hex_encode({random.data(), random.size()}) + ".tmp";
    OpenFile file(files,
                  open_retrying(files, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    // Errors name the file that is wanted: the same trouble is to have the same words each time.
    if (!file.valid()) return system_error("making a file beside " + path, errno);
    if (auto filled = fill(files, file, path, content, ownership); !filled) {
        files.unlink(name.c_str());
        return filled.error();
    }
    return name;
}

}  // namespace

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> write_file(FileSystem& files, const std::string& path, std::string_view content,
                        const FileOwnership& ownership) {
    auto made = make_beside(files, path, content, ownership);
    if (!made) return made.error();
    if (files.rename(made->c_str(), path.c_str()) != 0) {
        const Error error = system_error("renaming a new file to " + path, errno);
        files.unlink(made->c_str());
        return error;
    }
    return sync_folder(files, folder_of(path));
}

Result<void> make_file(FileSystem& files, const std::string& path, std::string_view content,
                       const FileOwnership& ownership) {
    auto made = make_beside(files, path, content, ownership);
    if (!made) return made.error();
    // link() where rename() would replace what somebody else made meanwhile.
    const int linked = files.link(made->c_str(), path.c_str());
    const int error = errno;
    files.unlink(made->c_str());
    if (linked != 0 && error == EEXIST) return Error(Errc::locked, path + " is there already");
    if (linked != 0) return system_error("making " + path, error);
    return sync_folder(files, folder_of(path));
}

Result<FileContent> read_file(FileSystem& files, const std::string& path, std::size_t longest,
                              Links links) {
    // Not blocking: a FIFO without a writer would hold us up before it is seen to be one.
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | (links == Links::refuse ? O_NOFOLLOW : 0);
    OpenFile file(files, open_retrying(files, path, flags, 0));
    if (!file.valid()) return system_error("opening " + path, errno);
    FileContent content{};
    if (files.fstat(file.get(), &content.facts) != 0)
        return system_error("looking at " + path, errno);
    if (!S_ISREG(content.facts.st_mode))
        return Error(Errc::invalid_input, path + " is not a regular file");
    // One byte more than allowed, so that a file that grows meanwhile is seen to be too long.
    Secret buffer = Secret::of_size(
        std::min(longest, static_cast<std::size_t>(std::max<off_t>(content.facts.st_size, 0))) + 1);
    std::size_t filled = 0;
    while (true) {
        if (filled == buffer.size()) {
            if (filled > longest) {
                return Error(Errc::too_large,
                             path + " has more than " + std::to_string(longest) + " bytes");
            }
            Secret larger = Secret::of_size(std::min(longest, filled * 2) + 1);
            std::copy_n(buffer.reveal().begin(), filled, larger.writable().begin());
            buffer = std::move(larger);
        }
        const ssize_t got =
            files.read(file.get(), buffer.writable().data() + filled, buffer.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("reading " + path, errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    content.bytes = Secret(buffer.reveal().substr(0, filled));
    return content;
}

Result<void> sync_folder(FileSystem& files, const std::string& folder) {
    OpenFile file(files, open_retrying(files, folder, O_RDONLY | O_DIRECTORY, 0));
    if (!file.valid()) return system_error("opening the folder " + folder, errno);
    if (files.fsync(file.get()) != 0) return system_error("syncing the folder " + folder, errno);
    return {};
}

Result<void> remove_file(FileSystem& files, const std::string& path) {
    if (files.unlink(path.c_str()) != 0) {
        if (errno == ENOENT) return {};
        return system_error("removing " + path, errno);
    }
    return sync_folder(files, folder_of(path));
}

Result<void> rename_file(FileSystem& files, const std::string& from, const std::string& to) {
    if (files.rename(from.c_str(), to.c_str()) != 0)
        return system_error("renaming " + from + " to " + to, errno);
    return sync_folder(files, folder_of(to));
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
    struct Close {
        void operator()(DIR* folder) const noexcept { ::closedir(folder); }
    };
    const std::unique_ptr<DIR, Close> folder(::opendir(path.c_str()));
    if (!folder) return system_error("opening the folder " + path, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe)
        std::string name(static_cast<const char*>(entry->d_name));
        if (name != "." && name != "..") names.push_back(std::move(name));
        errno = 0;
    }
    if (errno != 0) return system_error("reading the folder " + path, errno);
    std::sort(names.begin(), names.end());
    return names;
}

Result<struct stat> file_facts(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return system_error("looking at " + path, errno);
    return facts;
}

}  // namespace tokenbroker::host
