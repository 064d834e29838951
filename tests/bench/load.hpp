#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tokenbroker::bench {

// What one run of a closed-loop client measured. Times in microseconds.
struct Load {
    double requests_per_second = 0;
    double p50 = 0;
    double p99 = 0;
    double p999 = 0;
    double server_cpu = 0;    // microseconds of the server's processor a request
    double server_share = 0;  // of one processor, 0 to 1
    double client_share = 0;
    double others = 0;  // processors' worth of work that neither of them did: noise
};

struct LoadPlan {
    std::string socket;
    std::string request;
    std::string body;  // each answer is 200 and ends with it
    std::size_t connections = 16;
    std::size_t requests = 100'000;
    bool one_shot = false;  // a new connection for each request
    pid_t server = 0;
};

// One thread, one request in flight on each connection. Throws std::runtime_error at the first
// wrong answer.
Load run_load(const LoadPlan& plan);

}  // namespace tokenbroker::bench
