#include "async/offload.hpp"

#include "async/signals_blocked.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace tokenbroker::async {

namespace asio = boost::asio;

class Offload::Workers {
public:
    explicit Workers(std::size_t threads) : pool(threads) {}
    asio::thread_pool pool;
};

Offload::Offload(asio::io_context& loop, std::size_t threads) : loop_(loop) {
    const SignalsBlocked blocked;
    workers_ = std::make_unique<Workers>(threads);
}

Offload::~Offload() {
    workers_->pool.join();
}

void Offload::submit(std::shared_ptr<JobBase> job) {
    // The guard keeps run() from returning while a result is still to come.
    auto guard = asio::make_work_guard(loop_);
    auto perform = [&loop = loop_, job = std::move(job), guard = std::move(guard)]() mutable {
        job->perform();
        asio::post(loop, [job = std::move(job)] {
            job->finished = true;
            job->done.notify_all();
        });
    };
    asio::post(workers_->pool, std::move(perform));
}

}  // namespace tokenbroker::async
