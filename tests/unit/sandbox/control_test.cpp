#include "sandbox/tls_material.hpp"
#include "unit/sandbox/support.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr const char* login =
    R"({"username": "api_user@mycompany", "password": "sandbox-password"})";

Fixture::Told log_in(Fixture& world) {
    return world.ask("POST", "/api/v1/auth/login", login);
}

TEST(Throttle, lets_in_again_after_exactly_what_it_said) {
    Settings settings;
    settings.throttle_logins = 2;
    settings.throttle_per = 10s;
    Fixture world(settings);
    EXPECT_EQ(log_in(world).status, 200);
    world.pass(4s);
    EXPECT_EQ(log_in(world).status, 200);
    const auto refused = log_in(world);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.header("Retry-After"), "6");
    world.pass(6s);
    EXPECT_EQ(log_in(world).status, 200);
    EXPECT_EQ(log_in(world).status, 429);
}

TEST(Throttle, speaks_in_each_form) {
    Settings settings;
    settings.throttle_logins = 1;
    Fixture world(settings);
    log_in(world);
    const auto form = [&](const std::string& name) {
        world.behave(R"({"settings": {"throttle-answer": ")" + name + "\"}}");
        return log_in(world);
    };
    EXPECT_EQ(form("date").header("Retry-After"), "Sun, 22 Nov 2026 00:01:00 GMT");
    EXPECT_EQ(form("none").header("Retry-After"), "");
    EXPECT_EQ(form("none").status, 429);
    EXPECT_EQ(form("unavailable").status, 503);
    EXPECT_EQ(form("forbidden").status, 403);
    EXPECT_EQ(boost::json::serialize(form("keyless").body), "{}");
    EXPECT_EQ(form("html").header("Content-Type"), "text/html");
    const auto counts = world.ask("GET", "/sandbox/counts").body;
    EXPECT_EQ(counts.at("endpoints").at("rossum.login").at("throttled").as_int64(), 7);
}

TEST(Throttle, blocks_for_a_time_of_its_own_where_asked) {
    Settings settings;
    settings.throttle_logins = 1;
    settings.throttle_per = 1s;
    settings.throttle_block = 30s;
    Fixture world(settings);
    log_in(world);
    EXPECT_EQ(log_in(world).header("Retry-After"), "30");
    world.pass(20s);
    EXPECT_EQ(log_in(world).header("Retry-After"), "10");
    world.pass(10s);
    EXPECT_EQ(log_in(world).status, 200);
}

TEST(Fault, strikes_as_often_as_told_and_after_what_it_skips) {
    Fixture world;
    EXPECT_EQ(
        world.behave(
            R"({"fault": {"endpoint": "rossum.*", "do": "status", "status": 500, "times": 2, "skip": 1, "retry_after": 7}})"),
        200);
    EXPECT_EQ(log_in(world).status, 200);
    EXPECT_EQ(log_in(world).status, 500);
    EXPECT_EQ(log_in(world).header("Retry-After"), "7");
    EXPECT_EQ(log_in(world).status, 200);
    const auto count = world.ask("GET", "/sandbox/counts")
                           .body.at("accounts")
                           .at("api_user@mycompany")
                           .at("rossum.login");
    EXPECT_EQ(count.at("failed").as_int64(), 2);
    EXPECT_EQ(count.at("ok").as_int64(), 2);
    EXPECT_EQ(count.at("at").as_array().size(), 4U);
}

TEST(Fault, of_one_account_leaves_the_others) {
    Fixture world;
    world.behave(R"({"fault": {"account": "somebody", "do": "status", "times": 0}})");
    EXPECT_EQ(log_in(world).status, 200);
}

TEST(Fault, every_kind_does_what_it_says) {
    Fixture world;
    const auto struck = [&](const std::string& kind) {
        EXPECT_EQ(world.behave(R"({"fault": {"do": ")" + kind + R"(", "delay": "20ms"}})"), 200)
            << kind;
        return world.sandbox.handle(Fixture::request("POST", "/api/v1/auth/login", login),
                                    world.now);
    };
    EXPECT_EQ(struck("hang").end, Delivery::End::hang);
    EXPECT_EQ(struck("reset").end, Delivery::End::reset);
    EXPECT_EQ(struck("close").end, Delivery::End::close);
    EXPECT_EQ(struck("delay").delay, 20ms);
    EXPECT_EQ(struck("drip").chunk, 1U);
    EXPECT_NE(struck("echo").bytes.find("sandbox-password"), std::string::npos);
    EXPECT_NE(struck("html").bytes.find("<html>"), std::string::npos);
    EXPECT_GT(struck("oversized").bytes.size(), 4U << 20U);
    EXPECT_FALSE(struck("garbage").bytes.starts_with("HTTP"));
    EXPECT_NE(struck("redirect").bytes.find("Location: /api/v1/auth/login/"), std::string::npos);
    EXPECT_NE(struck("wrong_types").bytes.find("\"key\":42"), std::string::npos);
    EXPECT_GT(struck("big_header").bytes.size(), 256U * 1024U);
    for (const FaultKind& kind : fault_kinds())
        struck(std::string(kind.name));
}

TEST(Control, refuses_what_it_does_not_know) {
    Fixture world;
    for (const char* wish :
         {R"({"unknown": 1})", R"({"fault": {"do": "dance"}})",
          R"({"fault": {"do": "hang", "x": 1}})", R"({"settings": {"unknown": 1}})",
          R"({"settings": {"throttle-logins": "many"}})", R"({"settings": {"oz-api": "7"}})",
          R"({"password": {"user": "nobody", "password": "x"}})", R"({"serve": 1})",
          R"({"serve": {"status": 200}})", R"({"serve": {"path": "me"}})",
          R"({"serve": {"path": "/me", "pth": 1}})", R"({"serve": {"path": "/me", "status": 99}})",
          R"({"serve": {"path": "/me", "if": {"header": {}}}})",
          R"({"serve": {"path": "/me", "if": {"headers": {"a": 1}}}})", "{"}) {
        EXPECT_EQ(world.behave(wish), 400) << wish;
    }
}

TEST(Control, changes_passwords_and_ends_tokens) {
    Fixture world;
    const auto key = log_in(world).text("key");
    world.behave(R"({"password": {"user": "api_user@mycompany", "password": "new"}})");
    EXPECT_EQ(log_in(world).status, 401);
    EXPECT_EQ(world.ask("GET", "/api/v1/auth/user", "", "authorization", "Bearer " + key).status,
              200);
    world.behave(R"({"revoke": ")" + key + "\"}");
    EXPECT_EQ(world.ask("GET", "/api/v1/auth/user", "", "authorization", "Bearer " + key).status,
              401);
}

TEST(Control, reset_makes_everything_as_at_the_start) {
    Fixture world;
    world.behave(R"({"settings": {"throttle-logins": 1}, "fault": {"do": "status", "times": 0}})");
    log_in(world);
    EXPECT_EQ(world.ask("POST", "/sandbox/reset").status, 200);
    EXPECT_EQ(log_in(world).status, 200);
    EXPECT_EQ(log_in(world).status, 200);
    EXPECT_EQ(world.ask("GET", "/sandbox/events").body.at("events").as_array().size(), 2U);
}

TEST(Control, events_tell_what_each_request_was_told_and_when_to_come_back) {
    Fixture world;
    world.behave(R"({"settings": {"throttle-logins": 1, "throttle-per": "30s"}})");
    log_in(world);
    log_in(world);
    world.behave(R"({"fault": {"do": "status", "status": 503, "retry_after": 7}})");
    log_in(world);
    const auto events = world.ask("GET", "/sandbox/events").body.at("events").as_array();
    ASSERT_EQ(events.size(), 3U);
    EXPECT_FALSE(events[0].as_object().contains("retry_after"));
    EXPECT_EQ(events[1].at("outcome").as_string(), "throttled");
    EXPECT_EQ(events[1].at("retry_after").as_string(), "30");
    EXPECT_EQ(events[2].at("retry_after").as_string(), "7");
}

TEST(Control, serves_paths_that_no_vendor_has) {
    Fixture world;
    world.behave(
        R"({"serve": {"method": "POST", "path": "/session", "status": 201, "body": {"id": "$RANDOM"}}})");
    const auto first = world.ask("POST", "/session", "{}");
    EXPECT_EQ(first.status, 201);
    EXPECT_EQ(first.text("id").size(), 40U);
    EXPECT_NE(first.text("id"), world.ask("POST", "/session", "{}").text("id"));
    EXPECT_EQ(world.ask("GET", "/session").status, 404);
}

TEST(Control, serves_by_what_the_request_holds) {
    Fixture world;
    EXPECT_EQ(world.behave(R"({"serve": [
        {"path": "/me", "status": 401, "body": {}},
        {"path": "/me", "if": {"headers": {"X-Session": "abc"}}, "body": {"name": "me"}},
        {"method": "POST", "path": "/session", "name": "login", "body": {"id": "abc"},
         "if": {"body": {"user": {"name": "me"}, "secret": 1}}}]})"),
              200);
    EXPECT_EQ(world.ask("GET", "/me").status, 401);
    EXPECT_EQ(world.ask("GET", "/me", "", "x-session", "other").status, 401);
    EXPECT_EQ(world.ask("GET", "/me", "", "x-session", "abc").text("name"), "me");

    const auto session = [&](const char* body) {
        return world.ask("POST", "/session", body).status;
    };
    EXPECT_EQ(session(R"({"user": {"name": "me", "more": 1}, "secret": 1, "more": 2})"), 200);
    EXPECT_EQ(session(R"({"user": {"name": "me"}})"), 404);
    EXPECT_EQ(session(R"({"user": {"name": "me"}, "secret": "1"})"), 404);
    EXPECT_EQ(session(R"({"user": "me", "secret": 1})"), 404);
    EXPECT_EQ(session("nonsense"), 404);
    const auto counts = world.ask("GET", "/sandbox/counts").body.at("endpoints");
    EXPECT_EQ(counts.at("served:login").at("requests").as_int64(), 1);
    EXPECT_EQ(counts.at("served:/me").at("requests").as_int64(), 3);
}

TEST(Settings, every_one_can_be_read_back) {
    Settings settings;
    for (const SettingInfo& info : all_settings()) {
        EXPECT_TRUE(settings.set(info.name, setting_text(settings, info))) << info.name;
        for (const auto choice : info.choices)
            EXPECT_TRUE(settings.set(info.name, choice)) << info.name;
    }
}

TEST(Accounts, are_taken_from_json) {
    Accounts accounts;
    ASSERT_TRUE(
        accounts.add_json(R"({"rossum": [{"username": "a", "password": "b", "kind": "admin"}],
        "oauth": {"clients": [{"client_id": "c", "client_secret": "d"}]}})"));
    EXPECT_EQ(accounts.rossum.at(0).kind, "admin");
    EXPECT_EQ(accounts.oauth_clients.at(0).password, "d");
    EXPECT_FALSE(accounts.add_json("[]"));
    EXPECT_FALSE(accounts.add_user("no-colon"));
}

TEST(TlsMaterial, is_read_back_from_its_bundle) {
    const auto material = make_tls_material({"upstream.example", "10.0.0.1"});
    ASSERT_TRUE(material);
    const auto again = TlsMaterial::from_bundle(material->bundle());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->key, material->key);
    EXPECT_EQ(again->client_key, material->client_key);
    EXPECT_FALSE(TlsMaterial::from_bundle("nonsense"));
}

}  // namespace
}  // namespace tokenbroker::sandbox
