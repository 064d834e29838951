#include "integration/world.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <ctime>
#include <fstream>

namespace tokenbroker::integration {
namespace {

using Count = SandboxProcess::Count;

std::string login_member(const World& world, const char* name,
                         const std::string& account = "rossum") {
    const auto value = member(world.daemon.status(account), "login", name);
    return value.is_string() ? text(value) : boost::json::serialize(value);
}

std::string error_kind(const World& world, const std::string& account = "rossum") {
    const auto error = member(world.daemon.status(account), "login", "last_error");
    return error.is_null() ? "" : text(error.at("kind"));
}

bool suspended(const World& world) {
    return world.daemon.login_state("rossum") == "suspended";
}

std::string http_date(double unix_time) {
    const auto whole = static_cast<std::time_t>(unix_time);
    std::tm parts{};
    gmtime_r(&whole, &parts);
    std::array<char, 64> shown{};
    const std::size_t size =
        std::strftime(shown.data(), shown.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {shown.data(), size};
}

// Between the first and the second login, in seconds.
double gap(const World& world) {
    const Count count = world.sandbox.count("rossum.login");
    return count.at.size() < 2 ? -1 : count.at[1] - count.at[0];
}

TEST(Throttled, retry_after_in_seconds_is_honoured_over_a_kill_and_a_restart) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.login", "do": "status", "status": 429, "retry_after": 4})");
    world.start({Account()}, impatient);
    ASSERT_TRUE(eventually(5s, [&] { return world.daemon.login_state("rossum") == "throttled"; }));
    EXPECT_EQ(login_member(world, "waiting_for"), "upstream");
    EXPECT_EQ(error_kind(world), "throttled");
    const HttpAnswer answer = world.daemon.token("rossum", "?wait=0s");
    EXPECT_EQ(answer.status, 503);
    EXPECT_GE(std::stoi(answer.header("retry-after")), 1);
    EXPECT_LE(std::stoi(answer.header("retry-after")), 5);

    world.daemon.kill();
    world.daemon.start();
    EXPECT_EQ(world.daemon.login_state("rossum"), "throttled");
    EXPECT_EQ(world.daemon.token("rossum", "?wait=15s").status, 200);
    EXPECT_GE(gap(world), 4.0);
    EXPECT_LT(gap(world), 9.0);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 2U);
}

TEST(Throttled, retry_after_as_a_date_is_honoured) {
    World world;
    const double until = now_seconds() + 5;
    world.sandbox.fault(
        R"({"endpoint": "rossum.login", "do": "status", "status": 429, "retry_after": ")" +
        http_date(until) + "\"}");
    world.start({Account()}, impatient);
    EXPECT_EQ(world.daemon.token("rossum", "?wait=15s").status, 200);
    EXPECT_GE(world.sandbox.count("rossum.login").at.at(1), std::floor(until));
}

TEST(Throttled, a_503_with_retry_after_is_a_throttle) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.login", "do": "status", "status": 503, "retry_after": 3})");
    world.start({Account()}, impatient);
    ASSERT_TRUE(eventually(5s, [&] { return world.daemon.login_state("rossum") == "throttled"; }));
    EXPECT_EQ(world.daemon.token("rossum", "?wait=15s").status, 200);
    EXPECT_GE(gap(world), 3.0);
}

TEST(Throttled, without_the_header_the_ladder_s_step_is_the_least) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.login", "do": "status", "status": 429, "times": 2})");
    world.start({Account()}, impatient);  // 2 s, then 4 s, each and up to a quarter more
    EXPECT_EQ(world.daemon.token("rossum", "?wait=20s").status, 200);
    const Count count = world.sandbox.count("rossum.login");
    ASSERT_EQ(count.at.size(), 3U);
    EXPECT_GE(count.at[1] - count.at[0], 2.0);
    EXPECT_LT(count.at[1] - count.at[0], 4.0);
    EXPECT_GE(count.at[2] - count.at[1], 4.0);
    EXPECT_LT(count.at[2] - count.at[1], 7.0);
}

TEST(Throttled, an_absurd_retry_after_is_capped_at_a_day_and_an_admin_can_clear_it) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.login", "do": "status", "status": 429, "retry_after": 99999999999})");
    world.start({Account()}, impatient);
    ASSERT_TRUE(eventually(5s, [&] { return world.daemon.login_state("rossum") == "throttled"; }));
    const int seconds = std::stoi(world.daemon.token("rossum", "?wait=0s").header("retry-after"));
    EXPECT_GT(seconds, 86400 - 60);
    EXPECT_LE(seconds, 86400 + 60);
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/resume?clear_throttle=1&wait=10s").status,
              200);
    EXPECT_EQ(world.daemon.token("rossum").status, 200);
}

TEST(Throttled, a_not_before_time_holds_for_the_whole_realm) {
    World world({"--user", "other@mycompany:sandbox-password"});
    world.sandbox.fault(
        R"({"endpoint": "rossum.login", "account": "api_user@mycompany", "do": "status", "status": 429, "retry_after": 3})");
    world.start(
        {Account(),
         Account{.name = "other", .more = "    login: on_demand", .username = "other@mycompany"}},
        impatient);
    ASSERT_TRUE(eventually(5s, [&] { return world.daemon.login_state("rossum") == "throttled"; }));
    EXPECT_EQ(world.daemon.token("other", "?wait=0s").status, 503);
    EXPECT_EQ(world.sandbox.count("rossum.login", "other@mycompany").requests, 0U);
    EXPECT_EQ(world.daemon.token("other", "?wait=15s").status, 200);
}

TEST(Budget, is_never_overspent_and_is_kept_over_restarts) {
    World world;
    world.start({Account{.inputs = "token_lifetime: 2s, exchange: false"}},
                "throttle: { logins: 3, per: 1h }\n");
    ASSERT_TRUE(eventually(15s, [&] { return world.sandbox.count("rossum.login").requests == 3; }));
    ASSERT_TRUE(eventually(10s, [&] { return world.daemon.login_state("rossum") == "throttled"; }));
    EXPECT_EQ(login_member(world, "waiting_for"), "account_budget");
    ASSERT_TRUE(
        eventually(5s, [&] { return world.daemon.token("rossum", "?wait=0s").status == 503; }));
    EXPECT_EQ(member(world.daemon.status("rossum"), "login", "budget", "left").to_number<int>(), 0);
    world.daemon.kill();
    world.daemon.start();
    EXPECT_EQ(world.daemon.token("rossum", "?wait=2s").status, 503);
    world.daemon.stop();
    world.daemon.start();
    EXPECT_EQ(world.daemon.token("rossum", "?wait=2s").status, 503);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 3U);
}

TEST(Refused, suspends_after_one_attempt_and_over_a_restart_until_the_secret_changes) {
    World world;
    world.write_password("rossum", "wrong");
    world.start({Account()}, impatient);
    ASSERT_TRUE(eventually(5s, [&] { return suspended(world); }));
    EXPECT_EQ(error_kind(world), "refused");
    const HttpAnswer answer = world.daemon.token("rossum");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.header("retry-after"), "");
    world.daemon.kill();
    world.daemon.start();
    EXPECT_TRUE(suspended(world));
    // The same content written again is no change.
    world.write_password("rossum", "wrong");
    EXPECT_FALSE(eventually(3s, [&] { return world.sandbox.count("rossum.login").requests > 1; }));

    world.write_password("rossum", "sandbox-password");
    EXPECT_TRUE(eventually(7s, [&] { return world.daemon.login_state("rossum") == "idle"; }));
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").status, 200);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 2U);
}

TEST(Refused, an_admin_can_resume) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.login", "do": "status", "status": 401, "body": {"detail": "Invalid."}})");
    world.start({Account()}, impatient);
    ASSERT_TRUE(eventually(5s, [&] { return suspended(world); }));
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/resume?wait=10s").status, 200);
    EXPECT_EQ(world.daemon.token("rossum").status, 200);
}

TEST(Refused, a_changed_password_at_the_upstream_leaves_the_token_in_service) {
    World world;
    world.start({Account{.inputs = "token_lifetime: 30s, exchange: false"}}, impatient);
    const HttpAnswer first = world.daemon.token("rossum");
    world.sandbox.behave(R"({"password": {"user": "api_user@mycompany", "password": "another"}})");
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=5s").status, 503);
    EXPECT_TRUE(suspended(world));
    EXPECT_EQ(token_of(world.daemon.token("rossum")), token_of(first));
}

TEST(Down, tokens_are_served_until_they_expire_and_the_first_after_recovery_wakes_who_waits) {
    World world;
    world.start({Account{.inputs = "token_lifetime: 6s, exchange: false"}}, impatient);
    const double start = now_seconds();
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    world.sandbox.behave(R"({"listening": false})");
    while (now_seconds() < start + 4.5)
        ASSERT_EQ(world.daemon.token("rossum", "?wait=0s").status, 200);
    ASSERT_TRUE(
        eventually(4s, [&] { return world.daemon.token("rossum", "?wait=0s").status == 503; }));
    const HttpAnswer refused = world.daemon.token("rossum", "?wait=0s");
    EXPECT_GE(std::stoi(refused.header("retry-after")), 1);
    EXPECT_EQ(error_kind(world), "unavailable");
    EXPECT_EQ(text(member(world.daemon.status("rossum"), "token", "state")), "expired");

    UnixConnection waits(world.daemon.socket(), 50s);
    waits.send("GET /v1/accounts/rossum/token?wait=40s HTTP/1.1\r\nHost: x\r\n\r\n");
    world.sandbox.behave(R"({"listening": true})");
    EXPECT_EQ(waits.read_answer().status, 200);
}

TEST(Down, faults_before_the_request_spend_no_budget) {
    World world;
    world.sandbox.behave(R"({"listening": false})");
    world.start({Account()}, "throttle: { logins: 1, per: 1h }\n");
    ASSERT_TRUE(eventually(15s, [&] {
        return member(world.daemon.status("rossum"), "login", "consecutive_failures")
                   .to_number<int>() >= 3;
    }));
    EXPECT_EQ(member(world.daemon.status("rossum"), "login", "budget", "left").to_number<int>(), 1);
    world.sandbox.behave(R"({"listening": true})");
    EXPECT_EQ(world.daemon.token("rossum", "?wait=30s").status, 200);
}

TEST(Down, a_daemon_without_upstream_starts_and_says_why_there_is_no_token) {
    World world;
    world.sandbox.behave(R"({"listening": false})");
    world.start({Account()});
    EXPECT_EQ(world.daemon.get("/readyz").status, 200);
    EXPECT_EQ(world.daemon.get("/readyz?strict=1").status, 503);
    ASSERT_TRUE(eventually(5s, [&] { return error_kind(world) == "unavailable"; }));
    EXPECT_NE(world.daemon.token("rossum", "?wait=0s").body.find("refused"), std::string::npos);
}

TEST(Restart, costs_no_login_while_the_sealed_token_is_valid) {
    World world;
    world.start({Account()});
    const HttpAnswer first = world.daemon.token("rossum");
    ASSERT_EQ(first.status, 200);
    world.sandbox.behave(R"({"listening": false})");
    EXPECT_EQ(world.daemon.stop().status, 0);
    world.daemon.start();
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").body, first.body);
    world.daemon.kill();
    world.daemon.start();
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").body, first.body);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
}

TEST(Restart, a_sealed_token_that_was_altered_costs_one_login) {
    World world;
    world.start({Account()});
    const HttpAnswer first = world.daemon.token("rossum");
    world.daemon.stop();
    const std::string file = world.daemon.state_folder() + "/rossum.token";
    std::string sealed = read_file(file);
    ASSERT_GT(sealed.size(), 60U);
    sealed[60] ^= 1;
    std::ofstream(file, std::ios::binary) << sealed;
    world.daemon.start();
    const HttpAnswer second = world.daemon.token("rossum");
    EXPECT_NE(token_of(second), token_of(first));
    EXPECT_GT(generation_of(second), generation_of(first));
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 2U);
}

TEST(Restart, a_second_daemon_keeps_off_the_state_directory) {
    World world;
    world.start({Account()});
    const Ran second = run({daemon_program(), "--config", world.daemon.config_file()});
    EXPECT_EQ(second.exit.status, 1);
    EXPECT_NE(second.errors.find(std::to_string(world.daemon.process().pid())), std::string::npos)
        << second.errors;
    EXPECT_EQ(world.daemon.token("rossum").status, 200);
}

TEST(Exchange, that_fails_is_tried_again_without_another_login) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.exchange", "do": "status", "status": 500, "times": 2})");
    world.start({Account()}, impatient);
    EXPECT_EQ(world.daemon.token("rossum", "?wait=20s").status, 200);
    ASSERT_TRUE(eventually(20s, [&] { return world.sandbox.count("rossum.exchange").ok == 1; }));
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
}

TEST(Exchange, that_fails_for_good_leaves_the_login_s_key_in_service_and_says_so) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.exchange", "do": "status", "status": 404, "times": 0})");
    world.start({Account()}, impatient);
    EXPECT_EQ(world.daemon.token("rossum", "?wait=30s").status, 200);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
    EXPECT_EQ(world.sandbox.count("rossum.exchange").requests, 3U);
    EXPECT_NE(boost::json::serialize(world.daemon.status("rossum").at("token")).find("exchange"),
              std::string::npos);
}

TEST(Exchange, honours_its_own_retry_after) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.exchange", "do": "status", "status": 429, "retry_after": 3})");
    world.start({Account()}, impatient);
    ASSERT_TRUE(eventually(20s, [&] { return world.sandbox.count("rossum.exchange").ok == 1; }));
    const Count count = world.sandbox.count("rossum.exchange");
    EXPECT_GE(count.at.at(1) - count.at.at(0), 3.0);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
}

// What fits nothing documented may be a throttle that nobody wrote down: one attempt, then the
// ladder.
class Nonsense : public ::testing::TestWithParam<const char*> {};

TEST_P(Nonsense, at_login_climbs_the_ladder_and_is_never_served) {
    World world;
    const std::string kind = GetParam();
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": ")" + kind + R"(", "times": 0})");
    world.start({Account()},
                "throttle: { logins: 100, per: 1m, backoff: { initial: 1m, factor: 2, max: 5m }, "
                "throttled_backoff: { initial: 1m, factor: 2, max: 5m } }\n");
    ASSERT_TRUE(eventually(5s, [&] { return !error_kind(world).empty(); })) << world.daemon.log();
    EXPECT_EQ(world.daemon.token("rossum", "?wait=1s").status, 503);
    const std::string kind_of_error = error_kind(world);
    EXPECT_TRUE(kind_of_error == "unexpected" ||
                (kind_of_error == "unavailable" &&
                 (kind == "truncate" || kind == "garbage" || kind == "reset" || kind == "close")))
        << kind_of_error;
    const std::string message =
        text(member(world.daemon.status("rossum"), "login", "last_error", "message"));
    EXPECT_FALSE(message.empty());
    EXPECT_FALSE(eventually(1s, [&] { return world.sandbox.count("rossum.login").requests > 1; }));
    EXPECT_EQ(world.sandbox.count("rossum.unknown").requests, 0U) << "a redirect was followed";

    world.sandbox.behave(R"({"clear_faults": true})");
    EXPECT_NE(world.daemon.login_state("rossum"), "suspended") << "nobody has to come and mend it";
    // A number is a token for all that anybody knows, until the exchange refuses it: then that is
    // tried again.
    if (kind == "wrong_types") return;
    world.daemon.post("/v1/accounts/rossum/resume?clear_throttle=1");
    EXPECT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=10s").status, 200);
    EXPECT_EQ(world.daemon.token("rossum").status, 200);
}

INSTANTIATE_TEST_SUITE_P(Answers, Nonsense,
                         ::testing::Values("html", "nonsense", "garbage", "oversized", "deep",
                                           "empty", "list", "wrong_types", "control_characters",
                                           "redirect", "truncate", "big_header", "reset", "close"),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST(Slow, an_answer_that_drips_is_given_up_after_thirty_seconds) {
    World world;
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "drip", "delay": "1s", "times": 0})");
    world.start({Account()}, impatient);
    EXPECT_TRUE(eventually(33s, [&] { return error_kind(world) == "unavailable"; }));
}

}  // namespace
}  // namespace tokenbroker::integration
