#include "host/program_pages.hpp"

#include <bit>
#include <cstdint>
#include <fstream>
#include <link.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace tokenbroker::host {
namespace {

std::size_t page_size() noexcept {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

// Only whole pages of segments that can't be written: what was relocated is in others.
int drop_pages_of(dl_phdr_info* object, std::size_t, void*) {
    const std::uintptr_t within_page = page_size() - 1;
    if (std::string_view(object->dlpi_name).starts_with("linux-vdso")) return 0;
    for (std::size_t i = 0; i < object->dlpi_phnum; ++i) {
        const auto& segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
        const std::uintptr_t first = begin & ~within_page;
        const std::uintptr_t end = (begin + segment.p_filesz) & ~within_page;
        if (end > first) ::madvise(std::bit_cast<void*>(first), end - first, MADV_DONTNEED);
    }
    return 0;
}

}  // namespace

std::size_t resident_program_bytes() {
    std::ifstream memory("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    std::size_t of_files = 0;
    memory >> all >> resident >> of_files;
    return memory ? of_files * page_size() : 0;
}

void drop_program_pages() noexcept {
    ::dl_iterate_phdr(&drop_pages_of, nullptr);
}

}  // namespace tokenbroker::host
