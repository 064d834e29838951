#include "integration/world.hpp"
#include "support/sanitized.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <sys/resource.h>
#include <vector>

namespace tokenbroker::integration {
namespace {

constexpr std::size_t count = 2000;
constexpr std::size_t a_stream = 1024;  // bytes, at most; the benchmark says how many they are
// The sanitizer keeps what was freed, and more beside what is not.
constexpr bool memory_is_ours = !sanitized;
constexpr const char* subscribe =
    "GET /v1/accounts/rossum/token/events HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Streams, two_thousand_at_once_cost_little_memory_and_are_all_told_at_once) {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_max < count + 200 || ::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        GTEST_SKIP() << "too few descriptors";
    World world;
    world.start({Account()}, impatient);
    const std::uint64_t generation = generation_of(world.daemon.token("rossum"));
    const pid_t pid = world.daemon.process_id();
    const std::size_t before = resident(pid).own;
    const std::size_t descriptors = open_descriptors(pid);

    std::vector<UnixConnection> readers;
    readers.reserve(count);
    for (std::size_t number = 0; number < count; ++number) {
        readers.emplace_back(world.daemon.socket());
        readers.back().send(subscribe);
        ASSERT_EQ(readers.back().read_answer().status, 200);
        ASSERT_NE(readers.back().read_event().find("id: " + std::to_string(generation)),
                  std::string::npos);
    }
    const std::size_t with = resident(pid).own;
    std::printf("2,000 streams: memory of its own %zu -> %zu kB, %zu bytes a stream\n",
                before / 1024, with / 1024, (with - before) / count);
    EXPECT_TRUE(!memory_is_ours || with <= before + count * a_stream) << with;

    ASSERT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=10s").status, 200);
    const std::string next =
        "id: " + std::to_string(generation_of(world.daemon.token("rossum"))) + "\n";
    for (UnixConnection& reader : readers)
        ASSERT_NE(reader.read_event().find(next), std::string::npos);
    const double seen = now_seconds();
    const double answered = world.sandbox.count("rossum.exchange").at.back();
    std::printf("all of them read the next token within %.0f ms of the upstream's answer\n",
                (seen - answered) * 1e3);
    EXPECT_LT(seen - answered, 0.5) << "most of it is this reader's own time";

    readers.clear();
    EXPECT_TRUE(eventually(10s, [&] {
        return open_descriptors(pid) <= descriptors + 2 &&
               (!memory_is_ours || resident(pid).own <= before + std::size_t{1024} * 1024);
    })) << resident(pid).own;
}

}  // namespace
}  // namespace tokenbroker::integration
