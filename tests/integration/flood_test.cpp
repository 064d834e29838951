#include "integration/crowd.hpp"
#include "integration/twins.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <poll.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace tokenbroker::integration {
namespace {

constexpr auto measured = 2s;
constexpr int tries =
    3;  // a processor that the machine below took away for a while is nobody's fault
constexpr std::size_t peak_memory = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kept_memory = std::size_t{2} * 1024 * 1024;

std::string many_times(const std::string& text, int times) {
    std::string all;
    while (times-- > 0)
        all += text;
    return all;
}

// The daemons are the same for all: what one attack leaves behind would show in the next.
class Flood : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        const rlimit many{20'000, 20'000};
        if (::geteuid() != 0 || ::setrlimit(RLIMIT_NOFILE, &many) != 0) return;
        const Account dark{.name = "dark", .recipe = "oz", .more = "    login: on_demand"};
        std::vector<Account> accounts{Account(), dark};
        for (int i = 0; i < 200; ++i) {
            accounts.push_back(
                {.name = "other-" + std::to_string(i), .more = "    login: on_demand"});
        }
        twins = std::make_unique<Twins>(accounts, impatient);
        // Who asks for it waits.
        twins->attacked.sandbox.fault(R"({"endpoint": "oz.login", "do": "hang", "times": 0})");
    }
    static void TearDownTestSuite() { twins.reset(); }

    void SetUp() override {
        if (!twins) GTEST_SKIP() << "needs root, to be another user, and 20,000 descriptors";
        socket = twins->attacked.daemon.socket();
        pid = twins->attacked.daemon.process_id();
        remember();
    }
    void remember() {
        memory = resident(pid).own;
        descriptors = open_descriptors(pid);
    }

    [[nodiscard]] static bool says(const std::string& series) {
        const std::string all = twins->attacked.daemon.get("/metrics").body;
        return all.find("\n" + series + "\n") != std::string::npos;
    }

    static void expect_within_twice(const char* what) {
        Comparison best = twins->compare(measured);
        for (int again = 1; again < tries && best.ratio() > 2; ++again) {
            const Comparison next = twins->compare(measured);
            if (next.ratio() < best.ratio()) best = next;
        }
        std::printf("%s: p50 %.0f -> %.0f us, p99 %.0f -> %.0f us (x %.2f)\n", what,
                    best.calm.p50 * 1e6, best.attacked.p50 * 1e6, best.calm.p99 * 1e6,
                    best.attacked.p99 * 1e6, best.ratio());
        EXPECT_LE(best.ratio(), 2) << what;
    }

    // Others hardly notice the attack, of which at least `least` of what it counts was done; and
    // when it is over, everything is as before.
    void suffer(const Crowd::Begin& attack, std::uint64_t least) {
        {
            const Crowd crowd(attack);
            expect_within_twice("during it");
            EXPECT_EQ(twins->attacked.daemon.token("rossum").status, 200)
                << "a new connection of another user";
            const std::size_t now = resident(pid).own;
            std::printf("done %llu, descriptors %zu -> %zu, memory %zu -> %zu kB",
                        static_cast<unsigned long long>(crowd.done()), descriptors,
                        open_descriptors(pid), memory / 1024, now / 1024);
            EXPECT_GE(crowd.done(), least) << "the attack did not take place";
            EXPECT_LE(now, memory + peak_memory);
            EXPECT_LE(open_descriptors(pid), descriptors + 4096);
        }
        EXPECT_TRUE(eventually(15s, [&] { return open_descriptors(pid) <= descriptors + 5; }))
            << open_descriptors(pid);
        EXPECT_TRUE(eventually(3s, [&] { return resident(pid).own <= memory + kept_memory; }));
        std::printf(" -> %zu kB\n", resident(pid).own / 1024);
        expect_within_twice("after it");
    }

    static std::unique_ptr<Twins> twins;
    std::string socket;
    pid_t pid = 0;
    std::size_t memory = 0;
    std::size_t descriptors = 0;
};
std::unique_ptr<Twins> Flood::twins;

TEST_F(Flood, of_oversized_requests) {
    suffer(attack::flood(socket, 50, "GET / HTTP/1.1\r\nA: " + std::string(9000, 'a')), 1000);
}

TEST_F(Flood, of_half_requests) {
    suffer(attack::connections(socket, 3000, "GET /v1/acc"), 3000);
}

TEST_F(Flood, of_one_connection_that_pipelines_without_end) {
    suffer(attack::flood(socket, 1, many_times(attack::request, 64)), 10'000);
}

TEST_F(Flood, of_twenty_connections_that_pipeline_without_end) {
    suffer(attack::flood(socket, 20, many_times(attack::request, 64)), 10'000);
}

TEST_F(Flood, of_requests_that_pipeline_a_little) {
    suffer(attack::flood(socket, 20, many_times(attack::request, 8)), 10'000);
}

TEST_F(Flood, of_requests_on_three_thousand_connections) {
    suffer(attack::ask_on_each(socket, 3000), 10'000);
}

TEST_F(Flood, of_connections_for_one_request_each) {
    suffer(attack::one_shot(socket, attack::request), 1000);
}

// Four connections are served before the crowd, as long as they ask for little.
TEST_F(Flood, of_lists_of_two_hundred_accounts) {
    suffer(attack::one_at_a_time(socket, 4, "GET /v1/accounts HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
}

TEST_F(Flood, of_questions_whether_two_hundred_accounts_are_ready) {
    suffer(attack::one_at_a_time(socket, 4, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
}

TEST_F(Flood, of_binary_rubbish) {
    suffer(attack::flood(socket, 50, std::string(3000, '\xff')), 1000);
}

TEST_F(Flood, of_requests_of_one_byte_a_second) {
    suffer(attack::drip(socket, 1000, attack::request), 1000);
}

TEST_F(Flood, of_half_closed_sockets) {
    suffer(attack::half_closed(socket, 3000, attack::request), 3000);
}

TEST_F(Flood, of_ten_thousand_connections) {
    suffer(attack::connections(socket, 10'000), 10'000);
}

TEST_F(Flood, of_pipelining_clients_that_never_read) {
    suffer(attack::connections(socket, 1000, many_times(attack::request, 2000)), 1000);
}

TEST_F(Flood, of_one_user_that_takes_every_place_it_may_have) {
    const std::string wait = "GET /v1/accounts/dark/token?wait=60s HTTP/1.1\r\nHost: x\r\n\r\n";
    const Crowd waiting(attack::connections(socket, 1000, wait));
    EXPECT_TRUE(eventually(5s, [&] { return says("tokenbroker_waiting_calls 768"); }))
        << "three quarters of 1,024";
    UnixConnection other(socket);
    other.send(wait);
    EXPECT_TRUE(eventually(5s, [&] { return says("tokenbroker_waiting_calls 769"); }))
        << "another user may still wait";
    remember();
    suffer(attack::connections(socket, 5000), 2000);
}

TEST_F(Flood, of_stream_readers_that_never_read) {
    const Crowd readers(attack::connections(
        socket, 500, "GET /v1/accounts/rossum/token/events HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(eventually(5s, [&] { return says("tokenbroker_event_streams 500"); }));
    const std::uint64_t before = generation_of(twins->attacked.daemon.token("rossum"));
    const double start = now_seconds();
    std::atomic<std::uint64_t> rotations = 0;
    std::jthread rotation([&rotations](const std::stop_token& stop) {
        while (!stop.stop_requested())
            if (twins->attacked.daemon.post("/v1/accounts/rossum/refresh?wait=5s").status == 200)
                ++rotations;
    });
    expect_within_twice("500 readers, a rotation a second");
    EXPECT_GE(static_cast<double>(rotations.load()), 0.8 * (now_seconds() - start) - 1);
    EXPECT_GE(generation_of(twins->attacked.daemon.token("rossum")), before + rotations.load());
    EXPECT_LE(resident(pid).own, memory + peak_memory);
}

// As many bytes as its socket holds, and a little more.
TEST_F(Flood, of_one_reader_ends_when_it_has_not_read_for_ten_seconds) {
    UnixConnection never(socket);
    never.send_some(many_times(attack::request, 4000));
    pollfd hung{never.descriptor(), 0, 0};
    const auto is_cut_off = [&] {
        return ::poll(&hung, 1, 0) == 1 && (hung.revents & (POLLHUP | POLLERR)) != 0;
    };
    const double start = now_seconds();
    EXPECT_TRUE(eventually(16s, is_cut_off));
    EXPECT_GT(now_seconds() - start, 9);
}

TEST_F(Flood, while_descriptors_are_exhausted) {
    rlimit before{};
    ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, nullptr, &before), 0);
    const rlimit few{descriptors + 2, before.rlim_max};
    ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &few, nullptr), 0);
    {
        const Crowd crowd(attack::connections(socket, 500));
        EXPECT_LE(open_descriptors(pid), descriptors + 5);
        expect_within_twice("without descriptors");
        const auto spent = cpu_time(pid);
        std::this_thread::sleep_for(1s);
        std::printf("CPU in a second without descriptors: %.1f ms\n",
                    std::chrono::duration<double, std::milli>(cpu_time(pid) - spent).count());
        EXPECT_LT(cpu_time(pid) - spent, 100ms) << "it must not spin on accept";
        ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &before, nullptr), 0);
        EXPECT_EQ(twins->attacked.daemon.token("rossum").status, 200)
            << "it recovers by itself, with the crowd still there";
    }
    EXPECT_FALSE(says("tokenbroker_accept_failures_total 0")) << "they were not exhausted";
    EXPECT_EQ(twins->attacked.daemon.post("/v1/accounts/rossum/refresh?wait=10s").status, 200)
        << "and has descriptors for its upstream";
}

TEST(Descriptors, too_few_of_them_are_an_error_at_start) {
    World world;
    world.configure({Account()});
    world.daemon.limit_descriptors(100);
    EXPECT_THROW(world.daemon.start(), std::runtime_error);
    EXPECT_NE(world.daemon.log().find("128"), std::string::npos) << world.daemon.log();
}

}  // namespace
}  // namespace tokenbroker::integration
