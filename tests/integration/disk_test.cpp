// A full disk: no login that can't be written down, a clear error, tokens served; and nothing of
// what is known is forgotten once there is room again.
#include "integration/world.hpp"
#include "support/own_machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

namespace tokenbroker::integration {
namespace {

constexpr const char* ledger_says = "the login ledger can't be written";

struct Disk : ::testing::Test {
    void start(const Account& account = {}, const std::string& throttle = impatient) {
        world.configure({account}, throttle);
        world.daemon.start(machine.environment());
    }
    std::size_t logins() const { return world.sandbox.count("rossum.login").requests; }
    std::string last_error() const {
        const auto error = member(world.daemon.status("rossum"), "login", "last_error");
        return error.is_null() ? "" : text(error.at("message"));
    }

    World world;
    OwnMachine machine{world.folder};
};

TEST_F(Disk, that_is_full_means_no_login_a_clear_error_and_tokens_that_are_served_on) {
    start();
    const HttpAnswer first = world.daemon.token("rossum");
    ASSERT_EQ(first.status, 200);
    machine.fail_writes(ENOSPC, "ledger");
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=3s").status, 503);
    EXPECT_EQ(logins(), 1U) << world.daemon.log();
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").body, first.body);

    // In all three places, in the same words.
    EXPECT_NE(last_error().find(std::string(ledger_says) + ": writing "), std::string::npos)
        << last_error();
    EXPECT_NE(last_error().find("No space left on device"), std::string::npos) << last_error();
    EXPECT_GE(world.logged({"\"event\":\"ledger_failed\"", ledger_says}), 1U);
    EXPECT_TRUE(eventually(3s, [&] {
        return world.metric(
                   "tokenbroker_login_last_error{account=\"rossum\",kind=\"misconfigured\"}") == 1;
    }));
    EXPECT_GE(world.metric("tokenbroker_ledger_failures_total"), 1);
    EXPECT_NE(world.tokenctl({"status", "rossum"}).output.find(ledger_says), std::string::npos);

    machine.fail_writes(0, "");
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=10s").status, 200);
    EXPECT_EQ(logins(), 2U);
    EXPECT_EQ(last_error(), "");
}

// A refresh whose request is on its way when the disk fills up: what its answer says can't be
// written down at first.
void refresh_into_a_full_disk(World& world, OwnMachine& machine) {
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "delay", "delay": "1500ms"})");
    UnixConnection admin(world.daemon.socket(), 20s);
    admin.send("POST /v1/accounts/rossum/refresh?wait=10s HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually(5s, [&] { return world.sandbox.count("rossum.login").requests == 2; }));
    machine.fail_writes(ENOSPC, "ledger");
    EXPECT_EQ(admin.read_answer().status, 503);
    EXPECT_TRUE(eventually(5s, [&] { return world.logged({"ledger_write_failed"}) >= 1; }));
    machine.fail_writes(0, "");
    EXPECT_TRUE(eventually(10s, [&] { return world.logged({"ledger_recovered"}) == 1; }));
    world.daemon.kill();
    world.daemon.start();
}

TEST_F(Disk, that_is_full_when_the_upstream_throttles_does_not_lose_the_not_before_time) {
    world.sandbox.set("throttle-logins", "1");
    world.sandbox.set("throttle-per", "10m");
    start();
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    refresh_into_a_full_disk(world, machine);
    const HttpAnswer refresh = world.daemon.post("/v1/accounts/rossum/refresh?wait=1s");
    EXPECT_EQ(refresh.status, 503);
    EXPECT_GT(std::stoi(refresh.header("retry-after")), 500);
    EXPECT_EQ(logins(), 2U);
}

TEST_F(Disk, that_is_full_when_the_password_is_refused_does_not_lose_the_suspension) {
    start();
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    world.sandbox.behave(R"({"password": {"user": "api_user@mycompany", "password": "another"}})");
    refresh_into_a_full_disk(world, machine);
    EXPECT_EQ(world.daemon.login_state("rossum"), "suspended");
    EXPECT_EQ(logins(), 2U);
}

// What can't be known or written down is not acted upon; what is sealed is served all the same.
TEST_F(Disk, that_is_full_at_a_start_without_a_whole_ledger_serves_what_is_sealed) {
    start();
    for (const std::string& ledger : {std::string("no ledger\n"), std::string()}) {
        const HttpAnswer before = world.daemon.token("rossum");
        const std::size_t logins_before = logins();
        ASSERT_EQ(before.status, 200);
        world.daemon.stop();
        world.folder.write("state/ledger", ledger);
        if (ledger.empty()) std::filesystem::remove(world.folder / "state/ledger");
        machine.fail_writes(ENOSPC, "ledger");
        world.daemon.start(machine.environment());
        EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").body, before.body);
        EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=3s").status, 503);
        EXPECT_EQ(logins(), logins_before);
        EXPECT_NE(last_error().find("No space left on device"), std::string::npos) << last_error();
        EXPECT_GE(world.logged({"\"event\":\"ledger_write_failed\"", ledger_says}), 1U);
        machine.fail_writes(0, "");
        EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=10s").status, 200);
        EXPECT_EQ(last_error(), "");
    }
    EXPECT_EQ(world.logged({"\"event\":\"ledger_set_aside\"", "ledger.bad-1"}), 1U);
}

TEST_F(Disk, whose_ledger_can_not_be_read_serves_what_is_sealed_and_keeps_what_lies_there) {
    start();
    const HttpAnswer first = world.daemon.token("rossum");
    ASSERT_EQ(first.status, 200);
    world.daemon.stop();
    std::filesystem::remove(world.folder / "state/ledger");
    std::filesystem::create_symlink("ledger", world.folder / "state/ledger");  // ELOOP
    world.daemon.start(machine.environment());
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").body, first.body);
    EXPECT_TRUE(std::filesystem::is_symlink(world.folder / "state/ledger.bad-1"));
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=10s").status, 200);
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=3s").status, 503)
        << "one login is all that a lost ledger leaves";
    EXPECT_EQ(logins(), 2U);
}

// Whatever waits for the disk, it is not the event loop: one turn of it that did would last 500 ms.
TEST_F(Disk, that_is_slow_holds_nobody_up) {
    world.configure({Account()}, impatient);
    world.daemon.start({{"LD_PRELOAD", SLOW_DISK},
                        {"SLOW_DISK_MS", "500"},
                        {"ASAN_OPTIONS", "verify_asan_link_order=0"}});
    ASSERT_EQ(world.daemon.token("rossum", "?wait=20s").status, 200);
    std::vector<double> longest;
    while (longest.size() < 5 && (longest.empty() || longest.back() >= 0.1)) {
        const std::size_t before = logins();
        UnixConnection admin(world.daemon.socket(), 20s);
        UnixConnection prober(world.daemon.socket());
        const double begun = now_seconds();
        admin.send("POST /v1/accounts/rossum/refresh HTTP/1.1\r\nHost: x\r\n\r\n");
        ASSERT_EQ(admin.read_answer().status, 202);
        longest.push_back(0);
        // The record before the login, the outcome and the token after it.
        while (now_seconds() < begun + 3) {
            const double sent = now_seconds();
            prober.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
            ASSERT_EQ(prober.read_answer().status, 200);
            longest.back() = std::max(longest.back(), now_seconds() - sent);
        }
        EXPECT_EQ(logins(), before + 1);
        EXPECT_GT(world.sandbox.count("rossum.login").at.back() - begun, 0.5) << "it is slow";
    }
    EXPECT_LT(longest.back(), 0.1) << "a busy machine is forgiven four times";
}

TEST_F(Disk, that_can_not_take_a_token_serves_it_and_says_so_until_it_can) {
    machine.fail_writes(EIO, ".rossum.token.");
    start();
    const HttpAnswer first = world.daemon.token("rossum");
    ASSERT_EQ(first.status, 200);
    constexpr const char* says = "the token can't be kept on disk";
    const auto status = [this] { return world.tokenctl({"status", "rossum"}).output; };
    EXPECT_TRUE(eventually(5s, [&] { return status().find(says) != std::string::npos; }));
    EXPECT_EQ(world.logged({"\"event\":\"seal_failed\"", says, "Input/output error"}), 1U);
    EXPECT_TRUE(eventually(3s, [&] {
        return world.metric("tokenbroker_seal_failures_total{account=\"rossum\"}") >= 1;
    }));

    machine.fail_writes(0, "");
    EXPECT_TRUE(eventually(20s, [&] { return status().find(says) == std::string::npos; }));
    EXPECT_EQ(world.logged({"\"event\":\"seal_recovered\""}), 1U);
    world.daemon.kill();
    world.daemon.start();
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").body, first.body);
    EXPECT_EQ(logins(), 1U);
}

}  // namespace
}  // namespace tokenbroker::integration
