#pragma once

#include <sys/types.h>

namespace tokenbroker::host {

// PID 1 of a container inherits what its children leave running, and has to reap it: nobody else
// does.
class OrphanReaper {
public:
    // To be called now and then. A dead child that is still there at the next look is an orphan:
    // whoever runs a child of ours (run_child) reaps it as soon as it ends.
    void look();

private:
    pid_t seen_ = 0;
};

}  // namespace tokenbroker::host
