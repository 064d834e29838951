#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tokenbroker::config {

// What reading a configuration wants to know of the machine. One implementation asks it
// (SystemEnvironment), one makes it up (tests). Every call may block: never on the event loop.
class Environment {
public:
    enum class FileType { regular, directory, other };
    struct Status {
        FileType type = FileType::other;
        mode_t mode = 0;  // permission bits; none to write where the mount is read-only
        uid_t owner = 0;
        gid_t group = 0;
    };
    struct File {
        std::string content;
        Status status;  // of the very file that was read
    };
    // What a name service says of a name: an id, no such name, or it failed to say.
    enum class Answer { found, unknown, failed };
    struct Id {
        Answer answer = Answer::failed;
        unsigned id = 0;
    };

    virtual ~Environment() = default;

    // A regular file of at most `largest` bytes. Errors: not_found, access_denied, too_large, io,
    // invalid_input (not a regular file).
    virtual Result<File> read_file(const std::string& path, std::size_t largest) = 0;
    // Follows symbolic links.
    virtual Result<Status> status(const std::string& path) = 0;
    // The names in a folder, sorted, without "." and "..".
    virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
    virtual std::optional<std::string> variable(const std::string& name) = 0;
    virtual Id user(const std::string& name) = 0;
    virtual Id group(const std::string& name) = 0;
    virtual uid_t own_uid() = 0;
    // May files be given to other users (CAP_CHOWN)?
    virtual bool may_change_owner() = 0;
};

}  // namespace tokenbroker::config
