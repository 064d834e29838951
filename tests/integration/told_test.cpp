// What goes wrong is told in three places, the log, /metrics and tokenctl, in the same words.
#include "integration/world.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <unistd.h>

namespace tokenbroker::integration {
namespace {

struct Failure {
    std::string kind;   // the account's name too
    std::string fault;  // of its login
    std::string state;  // of login, in status
    double sent;        // logins that reached the upstream
};

const std::vector<Failure>& failures() {
    static const std::vector<Failure> all{
        {"refused", R"("do": "status", "status": 401, "body": {"detail": "Invalid credentials."})",
         "suspended", 1},
        {"throttled", R"("do": "status", "status": 429, "retry_after": 600)", "throttled", 1},
        {"unavailable", R"("do": "status", "status": 500)", "backing_off", 1},
        {"unexpected", R"("do": "html")", "backing_off", 1},
        {"misconfigured", "", "suspended", 0},
    };
    return all;
}

std::string user_of(const Failure& failure) {
    return failure.kind + "@mycompany";
}

TEST(Told, every_kind_of_failure_has_its_consequence_and_one_word_for_it_everywhere) {
    std::vector<std::string> options;
    std::vector<Account> accounts;
    for (const Failure& failure : failures()) {
        options.insert(options.end(), {"--user", user_of(failure) + ":sandbox-password"});
        accounts.push_back(Account{.name = failure.kind,
                                   .more = "    throttle: { realm: " + failure.kind + " }",
                                   .username = user_of(failure)});
    }
    World world(options);
    for (const Failure& failure : failures()) {
        if (failure.fault.empty()) continue;
        world.sandbox.fault(R"({"endpoint": "rossum.login", "account": ")" + user_of(failure) +
                            R"(", "times": 0, )" + failure.fault + "}");
    }
    world.configure(accounts);
    ASSERT_EQ(::unlink((world.folder / "misconfigured.password").c_str()), 0);
    world.daemon.start();

    for (const Failure& failure : failures()) {
        SCOPED_TRACE(failure.kind);
        const std::string& name = failure.kind;
        ASSERT_TRUE(eventually(10s, [&] {
            return !member(world.daemon.status(name), "login", "last_error").is_null();
        }));
        const auto shown =
            member(boost::json::parse(world.tokenctl({"status", name, "--json"}).output), "login");
        EXPECT_EQ(text(member(shown, "last_error", "kind")), failure.kind);
        EXPECT_EQ(text(member(shown, "state")), failure.state);
        const std::string table = world.tokenctl({"status", name}).output;
        const char* const step = failure.sent > 0 ? ", step login" : ": ";
        EXPECT_NE(table.find("  " + failure.kind + step), std::string::npos) << table;

        const std::string message = text(member(shown, "last_error", "message"));
        EXPECT_FALSE(message.empty());
        EXPECT_EQ(
            world.logged({"\"event\":\"login_" + failure.kind + "\"",
                          "\"account\":\"" + name + "\"", message.substr(0, message.find('"'))}),
            1U)
            << message;

        const std::string label = "{account=\"" + name + "\",";
        EXPECT_TRUE(eventually(3s, [&] {
            return world.metric("tokenbroker_login_last_error" + label + "kind=\"" + failure.kind +
                                "\"}") == 1;
        })) << world.daemon.get("/metrics").body;
        EXPECT_EQ(world.metric("tokenbroker_login_attempts_total" + label + "outcome=\"" +
                               failure.kind + "\"}"),
                  failure.sent);
        EXPECT_EQ(world.metric("tokenbroker_login_suspended{account=\"" + name + "\"}"),
                  failure.state == "suspended" ? 1 : 0);
        EXPECT_EQ(
            static_cast<double>(world.sandbox.count("rossum.login", user_of(failure)).requests),
            failure.sent);
    }
}

TEST(Told, a_login_s_key_that_serves_because_the_exchange_failed_is_said) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.exchange", "do": "status", "status": 404, "times": 0})");
    world.start({Account()}, impatient);
    ASSERT_EQ(world.daemon.token("rossum", "?wait=30s").status, 200);
    constexpr const char* says = "the step exchange failed for good";
    EXPECT_NE(text(member(world.daemon.status("rossum"), "token", "note")).find(says),
              std::string::npos);
    EXPECT_NE(world.tokenctl({"status", "rossum"}).output.find(std::string("rossum: ") + says),
              std::string::npos);
    EXPECT_EQ(world.logged({"\"event\":\"optional_step_given_up\"", "step exchange"}), 1U);
}

// One refresh, from its cause to its result, by the account and one attempt's id.
TEST(Told, a_refresh_can_be_followed_in_the_log_by_one_id) {
    World world;
    world.start({Account()});
    ASSERT_EQ(world.daemon.token("rossum").status, 200);
    ASSERT_EQ(world.daemon.post("/v1/accounts/rossum/refresh?wait=10s").status, 200);
    const std::string log = world.daemon.log();
    const auto begun = log.rfind("\"attempt_started\"");
    ASSERT_NE(begun, std::string::npos);
    const std::string mark = "\"attempt\":\"";
    const auto at = log.find(mark, begun) + mark.size();
    const std::string id = log.substr(at, log.find('"', at) - at);

    const std::string attempt = mark + id + "\"";
    const std::string account = "\"account\":\"rossum\"";
    for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
             {"attempt_started", "\"cause\":\"admin\""},
             {"step_done", "\"step\":\"login\"", "\"verdict\":\"ok\"", "\"status\":200"},
             {"step_done", "\"step\":\"exchange\"", "\"verdict\":\"ok\""},
             {"login_succeeded", "expires in"},
             {"token_published", "\"generation\":"}}) {
        std::vector<std::string> parts = line;
        parts.insert(parts.end(), {attempt, account});
        EXPECT_EQ(world.logged(parts), 1U) << line.front() << " of " << id << "\n" << log;
    }
    EXPECT_EQ(world.logged({"\"step_done\"", "\"verdict\":\"ok\"", "\"cause\""}), 0U)
        << "a good step has no cause to tell";
    EXPECT_EQ(world.logged({"\"attempt\":\"\""}), 0U);
}

}  // namespace
}  // namespace tokenbroker::integration
