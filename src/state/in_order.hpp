#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace tokenbroker::state {

// Work that is handed in on the loop and done on workers: in the order of push(), by one worker at
// a time, together with all that waits by then. Each push() is followed by one work_off() on some
// worker; whichever comes first does the work of all.
template <class Work>
class InOrder {
public:
    void push(std::shared_ptr<Work> work) {
        const std::lock_guard guard(waiting_guard_);
        waiting_.push_back(std::move(work));
    }

    // Returns once everything that was pushed before this call is done. `perform` takes the pieces
    // of work, in order, and does not throw.
    template <class Perform>
    void work_off(Perform perform) {
        const std::lock_guard one_at_a_time(working_);
        std::vector<std::shared_ptr<Work>> batch;
        {
            const std::lock_guard guard(waiting_guard_);
            batch.swap(waiting_);
        }
        if (!batch.empty()) perform(batch);
    }

private:
    std::mutex waiting_guard_;
    std::mutex working_;
    std::vector<std::shared_ptr<Work>> waiting_;
};

}  // namespace tokenbroker::state
