// A machine of its own for one daemon (LD_PRELOAD): its wall clock can be set, it can sleep, its
// disk can be full, its name service can fail, its kernel be older, as the page of `MachinePage`
// says, while the real machine goes on.
//
// What the kernel does when a clock is set or a machine wakes is played here: a timer with
// TFD_TIMER_CANCEL_ON_SET becomes readable, timers on CLOCK_BOOTTIME are moved. That the kernel
// does so is not shown by it (tests/unit/host/system_clock_test.cpp really sets the clock). From
// the timer's descriptor on it is the daemon's real path.
#include "support/machine_page.hpp"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/futex.h>
#include <mutex>
#include <pthread.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace {

using tokenbroker::support::MachinePage;

constexpr std::int64_t second = 1'000'000'000;

template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

MachinePage& page() {
    static MachinePage& mapped = [&]() -> MachinePage& {
        const char* path = std::getenv(MachinePage::variable);
        const int file = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
        void* memory = file < 0 ? MAP_FAILED
                                : ::mmap(nullptr, sizeof(MachinePage), PROT_READ | PROT_WRITE,
                                         MAP_SHARED, file, 0);
        if (memory == MAP_FAILED) std::abort();
        ::close(file);
        return *static_cast<MachinePage*>(memory);
    }();
    return mapped;
}

std::int64_t ahead(clockid_t clock) {
    const std::int64_t slept = page().slept;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) return page().wall_ahead + slept;
    return clock == CLOCK_BOOTTIME ? slept : 0;
}

void add(timespec& time, std::int64_t nanoseconds) {
    const std::int64_t sum = time.tv_nsec + nanoseconds;
    time.tv_sec += sum / second;
    time.tv_nsec = sum % second;
    if (time.tv_nsec >= 0) return;
    time.tv_nsec += second;
    --time.tv_sec;
}

// The daemon has one timer of each kind.
struct Timers {
    std::mutex mutex;
    int wall = -1;  // an event descriptor: all that such a timer does is to be cancelled
    int boot = -1;
    itimerspec boot_setting{};  // absolute, as the daemon set it
    std::uint32_t seen = 0;
} timers;

void arm_boot_timer() {
    itimerspec real = timers.boot_setting;
    if (real.it_value.tv_sec != 0 || real.it_value.tv_nsec != 0) {
        add(real.it_value, -ahead(CLOCK_BOOTTIME));
        if (real.it_value.tv_sec < 0) real.it_value = {0, 1};
    }
    static auto* const set = next<decltype(timerfd_settime)>("timerfd_settime");
    set(timers.boot, TFD_TIMER_ABSTIME, &real, nullptr);
}

void* watch(void* /*none*/) {
    while (true) {
        const std::uint32_t steps = page().steps;
        if (steps == timers.seen) {
            ::syscall(SYS_futex, &page().steps, FUTEX_WAIT, steps, nullptr, nullptr, 0);
            continue;
        }
        timers.seen = steps;
        const std::scoped_lock lock(timers.mutex);
        if (timers.boot >= 0) arm_boot_timer();
        if (timers.wall >= 0) ::eventfd_write(timers.wall, 1);
    }
}

void start_watching() {
    static std::once_flag once;
    std::call_once(once, [] {
        timers.seen = page().steps;
        sigset_t all{};
        sigset_t before{};
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        pthread_t thread{};
        ::pthread_create(&thread, nullptr, &watch, nullptr);
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    });
}

bool meant(int file) {
    std::array<char, 64> link{};
    std::array<char, PATH_MAX> path{};
    ::snprintf(link.data(), link.size(), "/proc/self/fd/%d", file);
    const ssize_t got = ::readlink(link.data(), path.data(), path.size() - 1);
    return got > 0 && std::strstr(path.data(), page().where.data()) != nullptr;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    static auto* const real = next<decltype(clock_gettime)>("clock_gettime");
    const int result = real(clock, time);
    if (result == 0) add(*time, ahead(clock));
    return result;
}

int gettimeofday(timeval* __restrict time, void* __restrict /*zone*/) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    *time = {now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t* into) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (into != nullptr) *into = now.tv_sec;
    return now.tv_sec;
}

int timerfd_create(clockid_t clock, int flags) noexcept {
    static auto* const real = next<decltype(timerfd_create)>("timerfd_create");
    const bool wall = clock == CLOCK_REALTIME;
    const int made = wall ? ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : real(clock, flags);
    const std::scoped_lock lock(timers.mutex);
    if (wall) timers.wall = made;
    if (clock == CLOCK_BOOTTIME) timers.boot = made;
    start_watching();
    return made;
}

int timerfd_settime(int timer, int flags, const itimerspec* setting, itimerspec* before) noexcept {
    static auto* const real = next<decltype(timerfd_settime)>("timerfd_settime");
    const std::scoped_lock lock(timers.mutex);
    if (timer == timers.wall) return 0;
    if (timer != timers.boot || (flags & TFD_TIMER_ABSTIME) == 0)
        return real(timer, flags, setting, before);
    timers.boot_setting = *setting;
    arm_boot_timer();
    return 0;
}

ssize_t write(int file, const void* bytes, size_t size) {
    static auto* const real = next<decltype(write)>("write");
    const int error = page().write_error;
    if (error == 0 || !meant(file)) return real(file, bytes, size);
    errno = error;
    return -1;
}

int getsockopt(int socket, int level, int option, void* __restrict value,
               socklen_t* __restrict size) noexcept {
    static auto* const real = next<decltype(getsockopt)>("getsockopt");
    constexpr int peer_pidfd = 77;  // SO_PEERPIDFD
    if (page().old_kernel && level == SOL_SOCKET && option == peer_pidfd) {
        errno = ENOPROTOOPT;
        return -1;
    }
    return real(socket, level, option, value, size);
}

int getpwnam_r(const char* name, passwd* entry, char* buffer, size_t size, passwd** found) {
    static auto* const real = next<decltype(getpwnam_r)>("getpwnam_r");
    *found = nullptr;
    const int error = page().names_error;
    return error != 0 ? error : real(name, entry, buffer, size, found);
}

int getgrnam_r(const char* name, group* entry, char* buffer, size_t size, group** found) {
    static auto* const real = next<decltype(getgrnam_r)>("getgrnam_r");
    *found = nullptr;
    const int error = page().names_error;
    return error != 0 ? error : real(name, entry, buffer, size, found);
}

}  // extern "C"
