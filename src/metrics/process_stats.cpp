#include "metrics/exposition.hpp"

#include <dirent.h>
#include <fstream>
#include <memory>
#include <sys/resource.h>
#include <unistd.h>

namespace tokenbroker::metrics {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double count_descriptors() {
    // Not readable for a process that is not dumpable and not root's.
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
    if (!folder) return -1;
    double count = -3;  // ".", ".." and the folder itself
    while (::readdir(folder.get()) != nullptr)
        ++count;  // NOLINT(concurrency-mt-unsafe): a stream of our own
    return count;
}

}  // namespace

ProcessStats read_process_stats() {
    ProcessStats stats;
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        stats.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    }
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        stats.most_descriptors = static_cast<double>(descriptors.rlim_cur);
    }
    std::ifstream memory("/proc/self/statm");
    double all_pages = 0;
    double resident_pages = 0;
    if (memory >> all_pages >> resident_pages) {
        const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
        stats.virtual_bytes = all_pages * page;
        stats.resident_bytes = resident_pages * page;
    }
    stats.open_descriptors = count_descriptors();
    return stats;
}

}  // namespace tokenbroker::metrics
