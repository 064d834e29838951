#include "host/secret_memory.hpp"

#include "base/secret.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <new>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace tokenbroker::host {
namespace {

constexpr std::size_t smallest_arena = std::size_t{64} * 1024;
constexpr std::size_t smallest_piece = 32;
// What is longer is a whole file on its way through (the ledger is read as one), and not kept: what
// the arena's pages have held once stays resident.
constexpr std::size_t longest_piece = std::size_t{128} * 1024;
constexpr rlim_t fewest_descriptors = 128;

// Secrets that found the arena full. Those made before there was one are not counted in, but out.
std::atomic<std::ptrdiff_t> on_heap = 0;
std::atomic<bool> overflowed = false;

void* allocate(std::size_t bytes) {
    if (bytes > longest_piece) return ::operator new(bytes);
    if (void* memory = ::CRYPTO_secure_malloc(bytes, nullptr, 0)) return memory;
    void* memory = ::operator new(bytes);
    on_heap += static_cast<std::ptrdiff_t>(bytes);
    overflowed = true;
    return memory;
}

void release(void* memory, std::size_t bytes) noexcept {
    if (::CRYPTO_secure_allocated(memory) != 0) {
        ::CRYPTO_secure_free(memory, nullptr, 0);
        return;
    }
    if (bytes <= longest_piece) on_heap -= static_cast<std::ptrdiff_t>(bytes);
    ::operator delete(memory);
}

std::size_t largest_lockable() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 0;
    return limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : limit.rlim_cur;
}

}  // namespace

SecretMemoryReport install_secret_memory(std::size_t bytes) {
    const std::size_t lockable = largest_lockable();
    std::size_t size = bytes;
    while (size > lockable && size / 2 >= smallest_arena)
        size /= 2;
    // 1: locked; 2: there, but a step of protecting it failed; 0: not there.
    const int made = ::CRYPTO_secure_malloc_init(size, smallest_piece);
    if (made == 0) {
        return {SecretMemoryKind::heap, 0,
                "secrets are on the ordinary heap: no secure arena could be made"};
    }
    use_secret_memory({&allocate, &release});
    if (made != 1) {
        return {SecretMemoryKind::unlocked, size,
                "secrets may be swapped out: the memory-lock limit of " + std::to_string(lockable) +
                    " bytes does not allow locking them (LimitMEMLOCK=)"};
    }
    if (size < bytes) {
        return {SecretMemoryKind::locked, size,
                "locked memory for secrets is " + std::to_string(size) + " bytes, not " +
                    std::to_string(bytes) +
                    ": the memory-lock limit allows no more (LimitMEMLOCK=)"};
    }
    return {SecretMemoryKind::locked, size, {}};
}

SecretMemoryUse secret_memory_use() noexcept {
    return {::CRYPTO_secure_used(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(on_heap, 0)),
            overflowed};
}

Result<void> harden_process() {
    const rlimit no_core{0, 0};
    if (::setrlimit(RLIMIT_CORE, &no_core) != 0)
        return system_error("switching core dumps off", errno);
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return system_error("forbidding to dump the process", errno);
    }
    if (::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return system_error("ignoring SIGPIPE", errno);
    return {};
}

Result<std::size_t> raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return system_error("reading the limit of open files", errno);
    if (limit.rlim_max < fewest_descriptors) {
        return Error(Errc::misconfigured, "the hard limit of open files is " +
                                              std::to_string(limit.rlim_max) + ", at least " +
                                              std::to_string(fewest_descriptors) +
                                              " are needed (LimitNOFILE=)");
    }
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return system_error("raising the limit of open files", errno);
    return limit.rlim_cur;
}

}  // namespace tokenbroker::host
