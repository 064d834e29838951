// What a recipe keeps beside the token (`keep:`): it outlives the process, it is durable before the
// token that came with it is handed out, and nothing else is kept.

#include "integration/world.hpp"
#include "state/seal.hpp"
#include "state/token_codec.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

// Accounts whose token lives for seconds and is renewed by what is kept, and where that shows.
struct Kept {
    const char* recipe;
    const char* username;
    const char* renewals;       // the endpoint
    std::size_t first_renewal;  // which request it is there
    std::size_t oz_logins;      // that are allowed
    const char* use;
};
const Kept oz{"oz", "operator@oz.example", "oz.refresh", 0, 1, "/api/folders/"};
const Kept oauth{"oauth2-refresh-token", "", "oauth.token", 1, 0, "/oauth2/userinfo"};

class KeptValues : public ::testing::TestWithParam<Kept> {
protected:
    World world{{"--oz-session-ttl", "4s", "--oauth-lifetime", "4s"}};

    void configure() {
        world.configure(
            {Account{.name = "a", .recipe = GetParam().recipe, .username = GetParam().username}},
            impatient);
    }
    [[nodiscard]] std::string sealed() const {
        return read_file(world.daemon.state_folder() + "/a.token");
    }
    // The answer with a token of another generation, and what was on the disk when it came.
    std::pair<HttpAnswer, std::string> next_token(std::uint64_t last) const {
        HttpAnswer answer;
        std::string file;
        EXPECT_TRUE(eventually(10s, [&] {
            answer = world.daemon.token("a", "?wait=3s");
            file = sealed();
            return answer.status == 200 && generation_of(answer) != last;
        })) << world.daemon.log();
        return {answer, file};
    }
};

// The disk is so slow that whoever is handed a token before it is sealed is caught with it.
TEST_P(KeptValues, are_sealed_before_anybody_gets_the_token_that_came_with_them) {
    const std::map<std::string, std::string> slow_disk{
        {"LD_PRELOAD", SLOW_DISK},
        {"SLOW_DISK_MS", "150"},
        {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
    configure();
    world.daemon.start(slow_disk);
    const HttpAnswer first = world.daemon.token("a", "?wait=5s");
    const std::string first_file = sealed();
    const auto [seen, file] = next_token(generation_of(first));
    EXPECT_NE(file, first_file) << "it was served, and what came with it was not on the disk";
    const double asked = world.sandbox.count(GetParam().renewals).at.at(GetParam().first_renewal);
    EXPECT_GT(now_seconds() - asked, 0.15) << "the disk was slow";

    // Its first use ends what came before, so nothing else can go on from here.
    world.daemon.kill();
    EXPECT_EQ(world.use(seen, GetParam().use), 200);
    world.daemon.start();
    EXPECT_EQ(token_of(world.daemon.token("a", "?wait=0s")), token_of(seen));
    next_token(generation_of(seen));
    EXPECT_EQ(world.sandbox.count(GetParam().renewals).refused, 0U);
    EXPECT_EQ(world.sandbox.count("oz.login").requests, GetParam().oz_logins);
}

INSTANTIATE_TEST_SUITE_P(Recipe, KeptValues, ::testing::Values(oz, oauth),
                         [](const auto& parameter) {
                             return std::string(parameter.param.recipe) == "oz" ? "oz" : "oauth";
                         });

// At that moment the old pair is on the disk, or the new one is: both are good, as nobody used the
// new one yet.
TEST(KeptPair, of_oz_survives_a_kill_at_the_moment_that_a_renewal_was_answered) {
    World world({"--oz-session-ttl", "3s"});
    world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}},
                impatient);
    ASSERT_EQ(world.daemon.token("oz").status, 200);
    for (int round = 0; round < 3; ++round) {
        const std::size_t before = world.sandbox.count("oz.refresh").ok;
        ASSERT_TRUE(eventually(10s, [&] { return world.sandbox.count("oz.refresh").ok > before; }))
            << world.daemon.log();
        world.daemon.kill();
        world.daemon.start();
        EXPECT_EQ(world.use(world.daemon.token("oz"), "/api/folders/"), 200) << world.daemon.log();
    }
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
}

TEST(Refresh, of_an_account_of_fifteen_minutes_costs_no_login) {
    World world({"--oz-session-ttl", "4s"});
    world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}},
                impatient);
    const auto first = generation_of(world.daemon.token("oz"));
    ASSERT_TRUE(eventually(15s, [&] { return world.sandbox.count("oz.refresh").ok >= 2; }))
        << world.daemon.log();
    const HttpAnswer last = world.daemon.token("oz");
    EXPECT_GT(generation_of(last), first);
    EXPECT_EQ(world.use(last, "/api/folders/"), 200);
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
}

TEST(Refresh, that_is_refused_falls_back_to_a_login) {
    for (
        const char* fault :
        {R"("status": 400, "body": {"error_code": 3, "error_message": "Could not locate field for key_path expire_token from provided dict data", "details": null})",
         R"("status": 401, "body": {"error_code": 7, "error_message": "Session not found", "details": null})",
         R"("status": 403, "body": {"error_code": 9, "error_message": "You have not access to refresh this session", "details": null})"}) {
        World world({"--oz-session-ttl", "3s"});
        world.sandbox.fault(std::string(R"({"endpoint": "oz.refresh", "do": "status", )") + fault +
                            "}");
        world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}},
                    impatient);
        EXPECT_TRUE(eventually(10s, [&] { return world.sandbox.count("oz.login").ok == 2; }))
            << fault;
        EXPECT_EQ(world.daemon.token("oz").status, 200);
    }
}

TEST(Refresh, that_is_refused_falls_back_to_the_password_of_oauth) {
    World world({"--oauth-lifetime", "3s"});
    world.sandbox.fault(
        R"({"endpoint": "oauth.token", "skip": 1, "do": "status", "status": 400, "body": {"error": "invalid_grant"}})");
    world.start({Account{.name = "a", .recipe = "oauth2-password"}}, impatient);
    EXPECT_TRUE(eventually(10s, [&] { return world.sandbox.count("oauth.token").ok >= 2; }))
        << world.daemon.log();
    EXPECT_EQ(world.daemon.token("a").status, 200);
    EXPECT_NE(world.daemon.login_state("a"), "suspended");
}

TEST(Refresh, that_is_refused_finds_no_login_where_the_budget_is_spent) {
    World world({"--oz-session-ttl", "3s"});
    world.sandbox.fault(
        R"({"endpoint": "oz.refresh", "do": "status", "times": 0, "status": 401, "body": {"error_code": 7, "error_message": "Session not found", "details": null}})");
    world.start({Account{.name = "oz", .recipe = "oz", .username = "operator@oz.example"}},
                "throttle: { logins: 1, per: 1h }\n");
    ASSERT_EQ(world.daemon.token("oz").status, 200);
    ASSERT_TRUE(eventually(10s, [&] { return world.daemon.login_state("oz") == "throttled"; }))
        << world.daemon.log();
    EXPECT_EQ(text(member(world.daemon.status("oz"), "login", "waiting_for")), "account_budget");
    EXPECT_TRUE(eventually(5s, [&] { return world.daemon.token("oz", "?wait=0s").status == 503; }));
    EXPECT_EQ(world.sandbox.count("oz.login").requests, 1U);
    EXPECT_EQ(world.sandbox.count("oz.refresh").requests, 1U) << "a dead pair is asked for once";
}

// A refresh token that rotates: the first one, which is an input, is dead from its first use on.
class Rotation : public ::testing::Test {
protected:
    World world{{"--oauth-lifetime", "3s"}};

    // With the client's secret in a file of its own.
    void start() {
        const Account account{.name = "a", .recipe = "oauth2-refresh-token"};
        world.configure({account}, impatient);
        std::string yaml = impatient + ("accounts:\n" + world.account_yaml(account));
        const std::string literal = "client_secret: sandbox-secret";
        const std::string file = world.folder.write("client_secret", "sandbox-secret");
        yaml.replace(yaml.find(literal), literal.size(), "client_secret: { file: " + file + " }");
        world.daemon.configure(yaml);
        world.daemon.start();
        first = generation_of(world.daemon.token("a"));
    }
    void the_upstream_wants(const std::string& secret) const {
        world.sandbox.behave(R"({"password": {"user": "sandbox-client", "password": ")" + secret +
                             "\"}}");
    }
    void expect_suspended() const {
        ASSERT_TRUE(eventually(10s, [&] { return world.daemon.login_state("a") == "suspended"; }))
            << world.daemon.log();
    }
    void expect_rotated() const {
        EXPECT_TRUE(eventually(20s, [&] {
            const HttpAnswer now = world.daemon.token("a", "?wait=1s");
            return now.status == 200 && generation_of(now) > first;
        })) << world.daemon.log();
        EXPECT_EQ(world.logged({"invalid_grant"}), 0U) << "a dead token was asked for";
    }
    std::uint64_t first = 0;
};

TEST_F(Rotation, goes_on_after_a_gateway_refused_for_longer_than_the_token_lived) {
    world.sandbox.fault(
        R"({"endpoint": "oauth.token", "skip": 1, "times": 3, "do": "status", "status": 403, "body": "<h1>Forbidden</h1>"})");
    start();
    expect_rotated();
}

TEST_F(Rotation, goes_on_after_an_outage_that_was_longer_than_the_token_lived) {
    world.sandbox.fault(
        R"({"endpoint": "oauth.token", "skip": 1, "times": 3, "do": "status", "status": 502, "body": ""})");
    start();
    expect_rotated();
}

TEST_F(Rotation, goes_on_once_the_client_s_secret_is_mended) {
    start();
    the_upstream_wants("another");
    expect_suspended();
    world.folder.write("client_secret", "another");
    expect_rotated();
}

TEST_F(Rotation, goes_on_once_an_admin_resumes) {
    start();
    the_upstream_wants("another");
    expect_suspended();
    the_upstream_wants("sandbox-secret");
    EXPECT_EQ(world.daemon.post("/v1/accounts/a/resume").status, 202);
    expect_rotated();
}

TEST_F(Rotation, that_was_revoked_asks_for_a_new_first_token) {
    start();
    world.sandbox.fault(
        R"({"endpoint": "oauth.token", "do": "status", "status": 400, "body": {"error": "invalid_grant"}})");
    expect_suspended();
    EXPECT_NE(world.error_message("a").find("give a new refresh_token"), std::string::npos);
    EXPECT_EQ(world.sandbox.count("oauth.token").requests, 3U);
}

// All that the state directory holds of an account, opened with its key.
std::string opened(const World& world) {
    const Secret key(read_file(world.daemon.state_folder() + "/state.key"));
    const state::StateKeys keys{state::parse_state_key(key).value(), std::nullopt};
    const state::Binding binding{AccountName::parse("oz").value(),
                                 "oz-service-token",
                                 world.sandbox.url(),
                                 {{"email", "admin@oz.example"}, {"user_id", "some-user"}}};
    const auto plain = state::unseal(keys, state::encode_binding(binding),
                                     read_file(world.daemon.state_folder() + "/oz.token"));
    return plain ? std::string(plain->plaintext.reveal()) : "";
}

TEST(AdminToken, of_oz_is_never_sealed_nor_shown_and_a_failed_step_costs_no_login) {
    World world;
    world.sandbox.behave(R"({"serve": [
        {"method": "POST", "path": "/api/authorize/auth", "name": "login",
         "body": {"access_token": "ADMIN-ACCESS", "expire_token": "ADMIN-EXPIRE", "expire_date": 1904659888.2}},
        {"method": "GET", "path": "/api/authorize/service_token/some-user", "name": "service_token",
         "if": {"headers": {"X-Forensic-Access-Token": "ADMIN-ACCESS"}},
         "body": {"access_token": "SERVICE-ACCESS", "expire_date": 1904659888.2}}]})");
    world.sandbox.fault(
        R"({"endpoint": "served:service_token", "do": "status", "status": 500, "times": 2})");
    world.start(
        {Account{.name = "oz", .recipe = "oz-service-token", .inputs = "user_id: some-user"}},
        impatient);

    std::string seen;
    EXPECT_TRUE(eventually(20s, [&] {
        const HttpAnswer answer = world.daemon.token("oz", "?wait=1s");
        seen += answer.head + answer.body + world.daemon.get("/v1/accounts/oz").body +
                world.daemon.get("/metrics").body + opened(world);
        return answer.status == 200;
    })) << world.daemon.log();
    EXPECT_EQ(world.sandbox.count("served:login").requests, 1U);
    EXPECT_EQ(world.sandbox.count("served:service_token").requests, 3U);

    EXPECT_TRUE(eventually(5s, [&] { return !opened(world).empty(); }));
    seen += opened(world) + read_tree(world.daemon.state_folder()) + world.daemon.log();
    EXPECT_NE(opened(world).find("SERVICE-ACCESS"), std::string::npos);
    EXPECT_EQ(seen.find("ADMIN-ACCESS"), std::string::npos);
    EXPECT_EQ(seen.find("ADMIN-EXPIRE"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::integration
