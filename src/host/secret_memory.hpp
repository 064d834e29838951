#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <string>

namespace tokenbroker::host {

enum class SecretMemoryKind {
    locked,    // an arena that is never swapped nor dumped
    unlocked,  // an arena that is not dumped, but may be swapped: the limit forbids locking
    heap,      // no arena could be had
};
struct SecretMemoryReport {
    SecretMemoryKind kind = SecretMemoryKind::heap;
    std::size_t bytes = 0;  // of the arena
    std::string detail;     // one sentence for the log where it is not `locked`
};

// Puts Secrets into OpenSSL's secure heap, from now on: one arena of `bytes` (a power of two),
// halved until RLIMIT_MEMLOCK allows it, but not below 64 KiB. A Secret that finds the arena full
// goes to the heap. To be called once, before there are threads.
SecretMemoryReport install_secret_memory(std::size_t bytes);
// How much of the arena is in use, for a metric.
std::size_t secret_memory_used() noexcept;

// No core dumps, no ptrace by the same user, SIGPIPE ignored. To be called first thing.
Result<void> harden_process();

// Raises the soft limit of open files to the hard one, and says how many that is. Under 128:
// misconfigured.
Result<std::size_t> raise_descriptor_limit();

}  // namespace tokenbroker::host
