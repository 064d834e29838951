#pragma once

#include "host/file_system.hpp"

#include <atomic>
#include <cerrno>

namespace tokenbroker::support {

// The kernel's files, but one chosen call fails: the `n`th from now on, counted over all calls,
// once or from then on. close() closes all the same, as the kernel does.
class FaultyFiles final : public host::FileSystem {
public:
    void fail(unsigned n, int error, bool for_good = false) {
        count_ = 0;
        fail_at_ = n;
        error_ = error;
        for_good_ = for_good;
        failed_ = false;
    }
    void heal() { fail_at_ = 0; }
    // Since fail(): whether the chosen call was reached.
    [[nodiscard]] bool failed() const { return failed_; }
    // A write that fails leaves half of its bytes behind.
    void tear_writes() { tear_ = true; }
    unsigned syncs = 0;

    int open(const char* path, int flags, mode_t mode) override {
        return now() ? -1 : FileSystem::open(path, flags, mode);
    }
    int close(int file) override {
        const bool fails = now();
        const int result = FileSystem::close(file);
        if (fails) errno = error_;
        return fails ? -1 : result;
    }
    ssize_t read(int file, void* buffer, std::size_t bytes) override {
        return now() ? -1 : FileSystem::read(file, buffer, bytes);
    }
    ssize_t write(int file, const void* buffer, std::size_t bytes) override {
        if (!now()) return FileSystem::write(file, buffer, bytes);
        if (tear_) [[maybe_unused]]
            const auto half = FileSystem::write(file, buffer, bytes / 2);
        errno = error_;
        return -1;
    }
    int fsync(int file) override { return now() ? -1 : FileSystem::fsync(file); }
    int fdatasync(int file) override {
        ++syncs;
        return now() ? -1 : FileSystem::fdatasync(file);
    }
    int ftruncate(int file, off_t length) override {
        return now() ? -1 : FileSystem::ftruncate(file, length);
    }
    int fstat(int file, struct stat* facts) override {
        return now() ? -1 : FileSystem::fstat(file, facts);
    }
    int fchmod(int file, mode_t mode) override {
        return now() ? -1 : FileSystem::fchmod(file, mode);
    }
    int fchown(int file, uid_t owner, gid_t group) override {
        return now() ? -1 : FileSystem::fchown(file, owner, group);
    }
    int rename(const char* from, const char* to) override {
        return now() ? -1 : FileSystem::rename(from, to);
    }
    int link(const char* from, const char* to) override {
        return now() ? -1 : FileSystem::link(from, to);
    }
    int unlink(const char* path) override { return now() ? -1 : FileSystem::unlink(path); }

private:
    bool now() {
        if (fail_at_ == 0) return false;
        ++count_;
        const bool fails = for_good_ ? count_ >= fail_at_ : count_ == fail_at_;
        if (fails) {
            failed_ = true;
            errno = error_;
        }
        return fails;
    }

    std::atomic<unsigned> fail_at_ = 0;
    unsigned count_ = 0;
    int error_ = 0;
    bool for_good_ = false;
    bool tear_ = false;
    std::atomic<bool> failed_ = false;
};

}  // namespace tokenbroker::support
