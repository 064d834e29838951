#include "integration/world.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tokenbroker::integration {
namespace {

constexpr const char* get_token = "GET /v1/accounts/rossum/token HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Login, two_hundred_first_callers_share_one_login) {
    World world;
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "delay", "delay": "700ms"})");
    world.start({Account()});

    std::vector<UnixConnection> callers;
    for (int caller = 0; caller < 200; ++caller)
        callers.emplace_back(world.daemon.socket());
    for (auto& caller : callers)
        caller.send(get_token);
    std::set<std::string> tokens;
    for (auto& caller : callers)
        tokens.insert(token_of(caller.read_answer()));

    EXPECT_EQ(tokens.size(), 1U);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
}

TEST(Login, a_failure_is_shared_too) {
    World world;
    world.sandbox.fault(
        R"({"endpoint": "rossum.login", "do": "status", "status": 500, "times": 0})");
    world.start({Account{.more = "    login: on_demand"}});

    std::vector<UnixConnection> callers;
    for (int caller = 0; caller < 50; ++caller)
        callers.emplace_back(world.daemon.socket());
    for (auto& caller : callers)
        caller.send(get_token);
    for (auto& caller : callers) {
        const HttpAnswer answer = caller.read_answer();
        EXPECT_EQ(answer.status, 503);
        EXPECT_EQ(answer.header("content-type"), "application/problem+json");
        EXPECT_EQ(text(member(body_of(answer), "type")), "/problems/token-unavailable");
        EXPECT_EQ(text(member(body_of(answer), "login", "last_error", "kind")), "unavailable");
        EXPECT_GE(std::stoi(answer.header("retry-after")), 1);
    }
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
}

TEST(Login, a_caller_that_leaves_ends_nothing) {
    World world;
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "delay", "delay": "300ms"})");
    world.start({Account{.more = "    login: on_demand"}});
    {
        UnixConnection leaves(world.daemon.socket());
        leaves.send(get_token);
        ASSERT_TRUE(
            eventually(5s, [&] { return world.sandbox.count("rossum.login").requests == 1; }));
    }
    EXPECT_EQ(world.daemon.token("rossum").status, 200);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
}

TEST(Login, an_account_on_demand_does_not_log_in_unasked) {
    World world;
    world.start({Account{.more = "    login: on_demand"}, Account{.name = "eager"}});
    ASSERT_EQ(world.daemon.token("eager").status, 200);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);
    EXPECT_EQ(world.daemon.token("rossum").status, 200);
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 2U);
}

TEST(Login, the_answer_is_what_the_page_on_the_api_says) {
    World world;
    const double before = now_seconds();
    world.start({Account{.inputs = "token_lifetime: 1h"}});
    const HttpAnswer answer = world.daemon.token("rossum");
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto body = body_of(answer);
    EXPECT_EQ(text(body.at("account")), "rossum");
    EXPECT_EQ(text(body.at("token_type")), "Bearer");
    EXPECT_EQ(text(body.at("header").at("name")), "Authorization");
    EXPECT_EQ(text(body.at("header").at("value")), "Bearer " + text(body.at("access_token")));
    EXPECT_EQ(text(body.at("expiry_source")), "requested");
    EXPECT_GE(generation_of(answer), static_cast<std::uint64_t>(before));
    EXPECT_EQ(answer.header("etag"), "\"" + std::to_string(generation_of(answer)) + "\"");
    EXPECT_EQ(answer.header("cache-control"), "no-store");
    EXPECT_FALSE(answer.header("date").empty());

    const HttpAnswer plain = world.daemon.get("/v1/accounts/rossum/token", {"Accept: text/plain"});
    EXPECT_EQ(plain.body, text(body.at("access_token")));
    EXPECT_EQ(plain.header("etag"), "\"" + std::to_string(generation_of(answer)) + "-text\"");
    EXPECT_EQ(
        world.daemon.get("/v1/accounts/rossum/token", {"If-None-Match: " + answer.header("etag")})
            .status,
        304);
}

TEST(Login, wait_is_kept_and_checked) {
    World world;
    world.sandbox.fault(R"({"endpoint": "rossum.login", "do": "hang", "times": 0})");
    world.start({Account()});
    const double before = now_seconds();
    EXPECT_EQ(world.daemon.token("rossum", "?wait=0s").status, 503);
    EXPECT_LT(now_seconds() - before, 0.5);
    EXPECT_EQ(world.daemon.token("rossum", "?wait=1").status, 503);
    EXPECT_NEAR(now_seconds() - before, 1.0, 0.6);
    for (const char* query :
         {"?wait=61s", "?wait=x", "?wait=1s&wait=1s", "?unknown=1", "?min_ttl=-1s", "?wait="}) {
        EXPECT_EQ(world.daemon.token("rossum", query).status, 400) << query;
    }
}

TEST(Login, min_ttl_gets_a_longer_living_token_or_says_why_not) {
    World world;
    world.start({Account{.inputs = "token_lifetime: 20s"}});
    const auto first = generation_of(world.daemon.token("rossum"));
    EXPECT_EQ(world.daemon.token("rossum", "?min_ttl=21s").status, 400);

    // Younger than a twentieth of its life: nothing is sent for it.
    const HttpAnswer young = world.daemon.token("rossum", "?min_ttl=20s&wait=0s");
    EXPECT_TRUE(young.status == 200 || std::stoi(young.header("retry-after")) >= 1) << young.head;
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 1U);

    ASSERT_TRUE(eventually(10s, [&] {
        const HttpAnswer answer = world.daemon.token("rossum", "?min_ttl=18s&wait=5s");
        return answer.status == 200 && generation_of(answer) > first;
    }));
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 2U);
}

TEST(Login, plain_and_path_forms_of_the_base_url_mean_the_same) {
    World world;
    Account with_path{.name = "with-path"};
    world.configure({Account(), with_path});
    std::string yaml = read_file(world.daemon.config_file());
    const auto at = yaml.rfind("base_url: " + world.sandbox.url());
    yaml.insert(at + std::string("base_url: ").size() + world.sandbox.url().size(), "/api/v1/");
    world.folder.write("tokenbroker.yaml", yaml);
    world.daemon.start();
    EXPECT_EQ(world.daemon.token("rossum").status, 200);
    EXPECT_EQ(world.daemon.token("with-path").status, 200);
}

TEST(Login, works_with_a_client_certificate) {
    TempDir certificates;
    World world({"--client-certificate", certificates.path()});
    world.configure({Account()});
    std::string yaml = read_file(world.daemon.config_file());
    const std::string ca = "ca_file: " + world.sandbox.ca_file();
    yaml.replace(yaml.find(ca), ca.size(),
                 ca + ", client_certificate: " + (certificates / "client.pem") +
                     ", client_key: " + (certificates / "client.key"));
    world.folder.write("tokenbroker.yaml", yaml);
    world.daemon.start();
    EXPECT_EQ(world.daemon.token("rossum").status, 200);
}

TEST(Login, an_upstream_with_another_certificate_is_not_talked_to) {
    World world;
    const TempDir other_folder;
    const SandboxProcess other(other_folder);
    world.configure({Account()});
    std::string yaml = read_file(world.daemon.config_file());
    yaml.replace(yaml.find(world.sandbox.ca_file()), world.sandbox.ca_file().size(),
                 other.ca_file());
    world.folder.write("tokenbroker.yaml", yaml);
    world.daemon.start();
    const HttpAnswer answer = world.daemon.token("rossum", "?wait=1s");
    EXPECT_EQ(answer.status, 503);
    EXPECT_NE(answer.body.find("certificate"), std::string::npos) << answer.body;
    EXPECT_EQ(world.sandbox.count("rossum.login").requests, 0U);
}

}  // namespace
}  // namespace tokenbroker::integration
