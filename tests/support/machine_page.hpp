#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace tokenbroker::support {

// What a test and the shim in a daemon share: a page of a file.
struct MachinePage {
    static constexpr const char* variable = "TOKENBROKER_TEST_MACHINE";  // holds its path

    std::atomic<std::int64_t> wall_ahead;  // nanoseconds, of the wall clock alone
    std::atomic<std::int64_t> slept;       // nanoseconds that boot time and wall clock have more
    std::atomic<std::uint32_t> steps;      // a futex: grows with each change of the two
    std::atomic<int> write_error;          // of writes to files in whose path `where` is; 0: none
    std::array<char, 64> where;
    std::atomic<bool> old_kernel;  // one before 6.5, which names no peer's process
    std::atomic<int> names_error;  // of every look-up of a user or group by name; 0: none
};

}  // namespace tokenbroker::support
