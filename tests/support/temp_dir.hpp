#pragma once

#include <string>
#include <sys/stat.h>

namespace tokenbroker::support {

// A folder of its own under /tmp (socket paths are short), removed with all in it. Mode 0711: other
// users may pass through it, as tests of access control need.
class TempDir {
public:
    TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

    // A file in it, replaced as a whole (written beside it and renamed). The full path.
    std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) const;
    std::string make_folder(const std::string& name, mode_t mode = 0700) const;

private:
    std::string path_;
};

std::string read_file(const std::string& path);
// The contents of every regular file below a folder, one after the other.
std::string read_tree(const std::string& folder);

}  // namespace tokenbroker::support
