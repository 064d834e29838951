#pragma once

#include "async/clock.hpp"
#include "async/offload.hpp"

#include <boost/asio/awaitable.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace tokenbroker::secrets {

// What tells one state of a file from another. A file that can't be looked at has a version too.
struct FileVersion {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t changed = 0;   // ctime, nanoseconds
    std::int64_t modified = 0;  // mtime, nanoseconds
    int error = 0;              // errno of the look

    auto operator<=>(const FileVersion&) const = default;
};
FileVersion version_of(const struct stat& facts) noexcept;
// Follows symbolic links. Blocks.
FileVersion look_at(const std::string& path) noexcept;

inline constexpr Milliseconds settle_time = std::chrono::seconds(1);
inline constexpr Milliseconds poll_interval = std::chrono::seconds(3);

// Until what `path` leads to is another version than `seen` (none: than now), and has been so,
// unchanged, for settle_time. Noticed by inotify on the path's folder (a rename or a switched
// symbolic link too), and by a look every poll_interval where inotify sees nothing: other file
// systems, a folder that is not there yet. `clock` and `offload` outlive it.
boost::asio::awaitable<FileVersion> file_change(std::string path, std::optional<FileVersion> seen,
                                                async::Clock& clock, async::Offload& offload);

}  // namespace tokenbroker::secrets
