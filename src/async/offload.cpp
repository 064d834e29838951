#include "async/offload.hpp"

#include "async/signals_blocked.hpp"
#include "base/error.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tokenbroker::async {

namespace asio = boost::asio;
namespace {

int make_event() {
    const int event = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (event < 0) throw ErrorException(system_error("eventfd", errno));
    return event;
}

}  // namespace

class Offload::Workers {
public:
    Workers(asio::io_context& loop, std::size_t threads)
        : event(loop, make_event()), pool(threads) {}

    // From a worker, after a post: Asio would wake a thread that waits in it, but the loop may be
    // waiting elsewhere (reactor_descriptor.hpp). Nobody needs to read it: each write is an edge.
    void wake_loop() {
        const std::uint64_t one = 1;
        static_cast<void>(::write(event.native_handle(), &one, sizeof one) == sizeof one);
    }

    asio::posix::stream_descriptor event;  // outlives the threads
    asio::thread_pool pool;
};

Offload::Offload(asio::io_context& loop, std::size_t threads) : loop_(loop) {
    const SignalsBlocked blocked;
    workers_ = std::make_unique<Workers>(loop, threads);
}

Offload::~Offload() {
    workers_->pool.join();
}

void Offload::submit(std::shared_ptr<JobBase> job) {
    // The guard keeps run() from returning while a result is still to come.
    auto guard = asio::make_work_guard(loop_);
    auto perform = [this, job = std::move(job), guard = std::move(guard)]() mutable {
        job->perform();
        asio::post(loop_, [job = std::move(job)] {
            job->finished = true;
            job->done.notify_all();
        });
        workers_->wake_loop();
    };
    asio::post(workers_->pool, std::move(perform));
}

}  // namespace tokenbroker::async
