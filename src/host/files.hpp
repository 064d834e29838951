#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "host/file_system.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

// Files, whole. Every function blocks: call it by async::Offload. Paths are in the messages,
// contents never.
namespace tokenbroker::host {

struct FileOwnership {
    mode_t mode = 0600;
    std::optional<uid_t> owner;
    std::optional<gid_t> group;
};

// Puts `content` where `path` is, all or nothing, and durably: a new file beside it (O_EXCL,
// O_NOFOLLOW; mode and group set before the content), fsync, rename, fsync of the folder. After an
// error the old file stands as it was, unless it is the folder's fsync that failed: then the new
// one does, perhaps not durably.
Result<void> write_file(FileSystem& files, const std::string& path, std::string_view content,
                        const FileOwnership& ownership);

// As write_file, but an error (Errc::locked) where the file is there already.
Result<void> make_file(FileSystem& files, const std::string& path, std::string_view content,
                       const FileOwnership& ownership);

enum class Links { follow, refuse };
struct FileContent {
    Secret bytes;
    struct stat facts;  // of the very file that was read
};
// A regular file of at most `longest` bytes. Errors: not_found, access_denied, too_large,
// invalid_input (not a regular file), io.
Result<FileContent> read_file(FileSystem& files, const std::string& path, std::size_t longest,
                              Links links);

// Durably. That it is not there is no error.
Result<void> remove_file(FileSystem& files, const std::string& path);
// Durably, within one folder.
Result<void> rename_file(FileSystem& files, const std::string& from, const std::string& to);

// Makes durable which files a folder has under which names.
Result<void> sync_folder(FileSystem& files, const std::string& folder);

// The names in a folder, sorted, without "." and "..".
Result<std::vector<std::string>> list_folder(const std::string& path);
// Of what the path leads to.
Result<struct stat> file_facts(const std::string& path);

// "/a/b" of "/a/b/c"; "." of "c".
std::string folder_of(const std::string& path);

}  // namespace tokenbroker::host
