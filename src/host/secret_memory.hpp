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
// halved until RLIMIT_MEMLOCK allows it, but not below 64 KiB. Its pages are locked as they are
// touched, so that a large one costs no memory by itself. A Secret that finds the arena full goes
// to the heap, and so does one of over 128 KiB. To be called once, before there are threads.
SecretMemoryReport install_secret_memory(std::size_t bytes);

struct SecretMemoryUse {
    std::size_t in_arena = 0;  // bytes of Secrets, now
    std::size_t on_heap = 0;   // because the arena was full
    bool overflowed = false;   // it was full at some time
};
SecretMemoryUse secret_memory_use() noexcept;

// No core dumps, no ptrace by the same user, SIGPIPE ignored. To be called first thing.
Result<void> harden_process();

// Raises the soft limit of open files to the hard one, and says how many that is. Under 128:
// misconfigured.
Result<std::size_t> raise_descriptor_limit();

}  // namespace tokenbroker::host
