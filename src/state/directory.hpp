#pragma once

#include "base/error.hpp"
#include "host/descriptor.hpp"

#include <string>

namespace tokenbroker::state {

// The state directory, held by this process alone until the object goes.
class StateDirectory {
public:
    // Makes the last folder of the path (0700) where it is not there. Blocks. Errors: misconfigured
    // (not a folder; owned by somebody else; the group may write, or others may do anything),
    // locked (names the process that holds it), io.
    static Result<StateDirectory> take(const std::string& path);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    StateDirectory(std::string path, host::Descriptor lock)
        : path_(std::move(path)), lock_(std::move(lock)) {}

    std::string path_;
    host::Descriptor lock_;
};

}  // namespace tokenbroker::state
