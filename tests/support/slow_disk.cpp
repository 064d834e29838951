// To be preloaded into a program (LD_PRELOAD): a disk that takes its time. Whatever is made durable
// lasts $SLOW_DISK_MS longer than it would.

#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <thread>

namespace {

using Sync = int (*)(int);

int sync_slowly(const char* name, int file) {
    const char* milliseconds = std::getenv("SLOW_DISK_MS");
    if (milliseconds != nullptr)
        std::this_thread::sleep_for(std::chrono::milliseconds(std::atoi(milliseconds)));
    return reinterpret_cast<Sync>(dlsym(RTLD_NEXT, name))(file);
}

}  // namespace

extern "C" int fsync(int file) {
    return sync_slowly("fsync", file);
}
extern "C" int fdatasync(int file) {
    return sync_slowly("fdatasync", file);
}
