#include "secrets/watch.hpp"

#include "async/event.hpp"
#include "host/descriptor.hpp"
#include "host/files.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <optional>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

namespace tokenbroker::secrets {
namespace {

namespace asio = boost::asio;

// A busy folder makes us look no more often than this.
constexpr Milliseconds shortest_gap = std::chrono::milliseconds(100);

constexpr std::uint32_t anything = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                   IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF |
                                   IN_DELETE_SELF | IN_ONLYDIR;

// Says when something happened in the folders that were added to it. Where the kernel gives none
// (its limit of instances is low), it never says anything.
class FolderNotices : public std::enable_shared_from_this<FolderNotices> {
public:
    explicit FolderNotices(const asio::any_io_executor& loop) : descriptor_(loop) {
        watches_->reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
        // A second number for the same thing: the first one stays open for as long as a worker adds
        // to it.
        if (*watches_) descriptor_.assign(::fcntl(watches_->get(), F_DUPFD_CLOEXEC, 0));
    }

    void listen() {
        if (!descriptor_.is_open()) return;
        descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                               [weak = weak_from_this()](const boost::system::error_code& error) {
                                   const auto self = weak.lock();
                                   if (self && !error) self->happened();
                               });
    }

    [[nodiscard]] std::shared_ptr<host::Descriptor> watches() const { return watches_; }

    async::Event changed;
    bool seen = false;

private:
    void happened() {
        // What happened does not matter: the look that follows tells.
        alignas(inotify_event) std::array<char, 4096> events{};
        while (::read(descriptor_.native_handle(), events.data(), events.size()) > 0) {
        }
        seen = true;
        changed.notify_all();
        listen();
    }

    std::shared_ptr<host::Descriptor> watches_ = std::make_shared<host::Descriptor>();
    asio::posix::stream_descriptor descriptor_;
};

// The folder of the path, and of what it leads to. Adding one again changes nothing.
void add_folders(const host::Descriptor& watches, const std::string& path) {
    if (!watches) return;
    ::inotify_add_watch(watches.get(), host::folder_of(path).c_str(), anything);
    struct Free {
        void operator()(char* memory) const noexcept { std::free(memory); }
    };
    const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
    if (real && path != real.get()) {
        ::inotify_add_watch(watches.get(), host::folder_of(real.get()).c_str(), anything);
    }
}

std::int64_t nanoseconds(const timespec& time) noexcept {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileVersion version_of(const struct stat& facts) noexcept {
    return {facts.st_dev,
            facts.st_ino,
            facts.st_size,
            nanoseconds(facts.st_ctim),
            nanoseconds(facts.st_mtim),
            0};
}

FileVersion look_at(const std::string& path) noexcept {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0) return version_of(facts);
    FileVersion version;
    version.error = errno;
    return version;
}

asio::awaitable<FileVersion> file_change(std::string path, std::optional<FileVersion> seen,
                                         async::Clock& clock, async::Offload& offload) {
    const auto executor = co_await asio::this_coro::executor;
    const auto notices = std::make_shared<FolderNotices>(executor);
    notices->listen();
    const std::function<FileVersion()> look = [path, watches = notices->watches()] {
        add_folders(*watches, path);
        return look_at(path);
    };
    FileVersion version = co_await offload.run<FileVersion>(look);
    if (!seen) seen = version;
    BootTime since = clock.now().boot;
    while (true) {
        const BootTime now = clock.now().boot;
        const bool changed = version != *seen;
        if (changed && now - since >= settle_time) co_return version;
        const BootTime deadline = changed ? since + settle_time : now + poll_interval;
        if (!notices->seen) co_await notices->changed.wait_until(clock, deadline);
        notices->seen = false;
        const FileVersion next = co_await offload.run<FileVersion>(look);
        if (next != version) since = clock.now().boot;
        version = next;
        co_await async::sleep_until(clock, clock.now().boot + shortest_gap);
    }
}

}  // namespace tokenbroker::secrets
