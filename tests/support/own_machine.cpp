#include "support/own_machine.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tokenbroker::support {

OwnMachine::OwnMachine(const TempDir& folder)
    : path_(folder.write("machine", std::string(sizeof(MachinePage), '\0'))) {
    const int file = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    void* memory =
        ::mmap(nullptr, sizeof(MachinePage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (memory == MAP_FAILED) throw std::runtime_error("can't map " + path_);
    page_ = static_cast<MachinePage*>(memory);
}

OwnMachine::~OwnMachine() {
    ::munmap(page_, sizeof(MachinePage));
}

std::map<std::string, std::string> OwnMachine::environment() const {
    const char* asan = std::getenv("ASAN_OPTIONS");
    return {
        {"LD_PRELOAD", MACHINE_SHIM},
        {MachinePage::variable, path_},
        // The sanitizer's own library comes after the shim, and that is as it should be.
        {"ASAN_OPTIONS", std::string(asan == nullptr ? "" : asan) + ":verify_asan_link_order=0"}};
}

void OwnMachine::set_wall_clock(std::chrono::seconds ahead) {
    page_->wall_ahead = std::chrono::nanoseconds(ahead).count();
    step();
}

void OwnMachine::sleep(std::chrono::seconds span) {
    page_->slept += std::chrono::nanoseconds(span).count();
    step();
}

void OwnMachine::fail_writes(int error, const std::string& where) {
    page_->where.fill('\0');
    std::copy_n(where.begin(), std::min(where.size(), page_->where.size() - 1),
                page_->where.begin());
    page_->write_error = error;
}

void OwnMachine::fail_names(int error) {
    page_->names_error = error;
}

void OwnMachine::have_old_kernel() {
    page_->old_kernel = true;
}

void OwnMachine::step() const {
    ++page_->steps;
    ::syscall(SYS_futex, &page_->steps, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace tokenbroker::support
