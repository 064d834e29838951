#include "integration/twins.hpp"

#include "integration/crowd.hpp"

#include <algorithm>
#include <future>
#include <sched.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tokenbroker::integration {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t their_cpu = 1;  // the daemons'
constexpr auto pause = std::chrono::microseconds(300);
constexpr std::size_t our_cpu = 0;  // the client's and the attackers'

void pin(pid_t pid, std::size_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)::sched_setaffinity(pid, sizeof(set), &set);
}

double ask(UnixConnection& connection) {
    const auto start = Clock::now();
    connection.send(attack::request);
    if (connection.read_answer().status != 200)
        throw std::runtime_error("the well-behaved client was refused");
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Latency latency_of(std::vector<double> took) {
    std::ranges::sort(took);
    return Latency{took[took.size() / 2], took[took.size() * 99 / 100]};
}

}  // namespace

void prefer(pid_t thread, Urgency urgency) {
    sched_param parameters{};
    parameters.sched_priority = static_cast<int>(urgency);
    (void)::sched_setscheduler(thread, SCHED_RR, &parameters);
}

Twins::Twins(const std::vector<Account>& accounts, const std::string& top) {
    attacked.start(accounts, top);
    calm.start(accounts, top);
    to_attacked_ = std::make_unique<UnixConnection>(attacked.daemon.socket());
    to_calm_ = std::make_unique<UnixConnection>(calm.daemon.socket());
    for (const World* world : {&attacked, &calm}) {
        if (world->daemon.token("rossum").status != 200)
            throw std::runtime_error("no token to begin with");
        pin(world->daemon.process_id(), their_cpu);
    }
    // The calm one does not wait for the other to be done with the crowd.
    prefer(attacked.daemon.process_id(), Urgency::attacked_daemon);
    prefer(calm.daemon.process_id(), Urgency::calm_daemon);
    pin(0, our_cpu);
}

Comparison Twins::compare(std::chrono::milliseconds how_long) const {
    std::packaged_task<Comparison()> client([&] {
        prefer(0, Urgency::client);
        std::vector<double> took_attacked;
        std::vector<double> took_calm;
        const auto end = Clock::now() + how_long;
        while (Clock::now() < end) {
            // By turns, as the second finds its processor awake.
            took_calm.push_back(ask(*to_calm_));
            took_attacked.push_back(ask(*to_attacked_));
            std::this_thread::sleep_for(pause);
            took_attacked.push_back(ask(*to_attacked_));
            took_calm.push_back(ask(*to_calm_));
            std::this_thread::sleep_for(pause);
        }
        return Comparison{latency_of(std::move(took_calm)), latency_of(std::move(took_attacked))};
    });
    auto result = client.get_future();
    const std::jthread thread(std::move(client));
    return result.get();
}

}  // namespace tokenbroker::integration
