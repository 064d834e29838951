#pragma once

#include "async/event.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace tokenbroker::async {

// Runs what may block (fsync, name services, reading a secret) on a small pool of threads, and
// brings the result back to the loop. The work must not touch anything that the loop's thread uses
// meanwhile.
class Offload {
public:
    // `threads` workers, started at once, so that they exist before a sandbox forbids making any.
    explicit Offload(boost::asio::io_context& loop, std::size_t threads = 4);
    Offload(const Offload&) = delete;
    Offload& operator=(const Offload&) = delete;
    // Waits for work under way. A process that must not wait leaves by _exit instead.
    ~Offload();

    // The result of `work`, or its exception. A cancelled caller leaves at once; the work runs on,
    // owning all it refers to.
    template <class T>
    boost::asio::awaitable<T> run(std::function<T()> work) {
        auto job = std::make_shared<Job<T>>();
        job->work = std::move(work);
        submit(job);
        while (!job->finished)
            co_await job->done.wait();
        if (job->failure) std::rethrow_exception(job->failure);
        co_return std::move(*job->result);
    }

    // The same, left with nothing at `deadline`: the work runs on, and its result is dropped.
    template <class T>
    boost::asio::awaitable<std::optional<T>> run_until(Clock& clock, BootTime deadline,
                                                       std::function<T()> work) {
        auto job = std::make_shared<Job<T>>();
        job->work = std::move(work);
        submit(job);
        while (!job->finished) {
            const bool woken = co_await job->done.wait_until(clock, deadline);
            if (!woken && !job->finished) co_return std::nullopt;
        }
        if (job->failure) std::rethrow_exception(job->failure);
        co_return std::move(job->result);
    }

private:
    struct JobBase {
        virtual ~JobBase() = default;
        virtual void perform() noexcept = 0;  // on a worker

        Event done;  // the loop's side alone
        bool finished = false;
    };
    template <class T>
    struct Job final : JobBase {
        std::function<T()> work;
        std::optional<T> result;
        std::exception_ptr failure;

        void perform() noexcept override {
            try {
                result.emplace(work());
            } catch (...) {
                failure = std::current_exception();
            }
            work = nullptr;
        }
    };
    void submit(std::shared_ptr<JobBase> job);

    class Workers;
    boost::asio::io_context& loop_;
    std::unique_ptr<Workers> workers_;
};

}  // namespace tokenbroker::async
