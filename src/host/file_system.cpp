#include "host/file_system.hpp"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace tokenbroker::host {

int FileSystem::open(const char* path, int flags, mode_t mode) {
    return ::open(path, flags, mode);
}
int FileSystem::close(int file) {
    return ::close(file);
}
ssize_t FileSystem::read(int file, void* buffer, std::size_t bytes) {
    return ::read(file, buffer, bytes);
}
ssize_t FileSystem::write(int file, const void* buffer, std::size_t bytes) {
    return ::write(file, buffer, bytes);
}
int FileSystem::fsync(int file) {
    return ::fsync(file);
}
int FileSystem::fdatasync(int file) {
    return ::fdatasync(file);
}
int FileSystem::ftruncate(int file, off_t length) {
    return ::ftruncate(file, length);
}
int FileSystem::fstat(int file, struct stat* facts) {
    return ::fstat(file, facts);
}
int FileSystem::fchmod(int file, mode_t mode) {
    return ::fchmod(file, mode);
}
int FileSystem::fchown(int file, uid_t owner, gid_t group) {
    return ::fchown(file, owner, group);
}
int FileSystem::rename(const char* from, const char* to) {
    return ::rename(from, to);
}
int FileSystem::link(const char* from, const char* to) {
    return ::link(from, to);
}
int FileSystem::unlink(const char* path) {
    return ::unlink(path);
}

FileSystem& FileSystem::kernel() {
    static FileSystem files;
    return files;
}

}  // namespace tokenbroker::host
