#include "host/variables.hpp"

#include <cstdlib>

namespace tokenbroker::host {

Variables process_variables() {
    return [](const char* name) -> std::optional<std::string> {
        // Nothing of ours changes the environment once there are threads.
        const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
        if (value == nullptr) return std::nullopt;
        return std::string(value);
    };
}

}  // namespace tokenbroker::host
