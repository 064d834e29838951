#pragma once

#include <cstddef>
#include <sys/stat.h>
#include <sys/types.h>

namespace tokenbroker::host {

// The system calls that files are made and read with, each as the kernel has it: -1 and errno. A
// test makes one of them fail. They block, and are called from several threads at once.
class FileSystem {
public:
    virtual ~FileSystem() = default;
    virtual int open(const char* path, int flags, mode_t mode);
    virtual int close(int file);
    virtual ssize_t read(int file, void* buffer, std::size_t bytes);
    virtual ssize_t write(int file, const void* buffer, std::size_t bytes);
    virtual int fsync(int file);
    virtual int fdatasync(int file);
    virtual int ftruncate(int file, off_t length);
    virtual int fstat(int file, struct stat* facts);
    virtual int fchmod(int file, mode_t mode);
    virtual int fchown(int file, uid_t owner, gid_t group);
    virtual int rename(const char* from, const char* to);
    virtual int link(const char* from, const char* to);
    virtual int unlink(const char* path);

    static FileSystem& kernel();
};

}  // namespace tokenbroker::host
