#pragma once

#include "integration/world.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tokenbroker::integration {

// Who goes first where two of them want one processor; all of them go before the other work on the
// machine (builds, other tests), which is not to be measured. Asked for: without the privilege the
// comparison is as fair, and noisier.
enum class Urgency : int { crowd = 1, attacked_daemon, calm_daemon, client };
void prefer(pid_t thread, Urgency urgency);  // 0: the calling thread

// How long a well-behaved client waits for its answers, in seconds.
struct Latency {
    double p50 = 0;
    double p99 = 0;
};

// What it waits at each of the twins.
struct Comparison {
    Latency calm;
    Latency attacked;

    [[nodiscard]] double ratio() const { return attacked.p99 / calm.p99; }
};

// Two daemons on one machine: one is attacked, its twin is left alone, and a well-behaved client
// asks them in turns, a fraction of a millisecond apart. Whatever else the machine does, the
// attackers' own work above all, both suffer alike; what is left between them is what the attack
// does to the daemon.
class Twins {
public:
    // Both have "rossum"; `accounts` and `top` as World::start() takes them.
    Twins(const std::vector<Account>& accounts, const std::string& top);

    [[nodiscard]] Comparison compare(std::chrono::milliseconds how_long) const;

    World attacked;
    World calm;

private:
    // The client's, made before any attack.
    std::unique_ptr<UnixConnection> to_attacked_;
    std::unique_ptr<UnixConnection> to_calm_;
};

}  // namespace tokenbroker::integration
