#pragma once

#include <cstddef>

namespace tokenbroker::host {

// Bytes of files that are mapped and resident now: the program's text and its libraries'. 0 where
// the kernel does not say.
std::size_t resident_program_bytes();

// Unmaps the pages of the program and its libraries that nobody writes to. Those that are needed
// come back from the page cache, some at a time; those that only start-up and logins need, do not.
// Takes some 0.1 ms, and may be called on any thread.
void drop_program_pages() noexcept;

}  // namespace tokenbroker::host
