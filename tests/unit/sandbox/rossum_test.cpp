#include "unit/sandbox/support.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr const char* login =
    R"({"username": "api_user@mycompany", "password": "sandbox-password"})";
constexpr const char* admin =
    R"({"username": "admin@mycompany.example", "password": "sandbox-admin-password"})";

int probe(Fixture& world, const std::string& key) {
    return world.ask("GET", "/api/v1/auth/user", "", "authorization", "Bearer " + key).status;
}

TEST(Rossum, login_gives_a_key_of_forty_characters_and_no_expiry) {
    Fixture world;
    const auto told = world.ask("POST", "/api/v1/auth/login", login);
    EXPECT_EQ(told.status, 200);
    EXPECT_EQ(told.text("key").size(), 40U);
    EXPECT_TRUE(told.body.as_object().at("domain").is_null());
    EXPECT_EQ(told.body.as_object().size(), 2U);
}

TEST(Rossum, takes_a_form_and_the_path_without_api) {
    Fixture world;
    EXPECT_EQ(world
                  .ask("POST", "/v1/auth/login",
                       "username=api_user%40mycompany&password=sandbox-password")
                  .status,
              200);
    EXPECT_EQ(world.ask("POST", "/api/v1/auth/login/", login).status, 404);
    EXPECT_EQ(world.ask("GET", "/api/v1/auth/login").status, 405);
}

TEST(Rossum, errors_are_as_documented) {
    Fixture world;
    EXPECT_EQ(world
                  .ask("POST", "/api/v1/auth/login",
                       R"({"username": "api_user@mycompany", "password": "x"})")
                  .status,
              401);
    const auto blank = world.ask("POST", "/api/v1/auth/login",
                                 R"({"username": "api_user@mycompany", "password": ""})");
    EXPECT_EQ(blank.status, 400);
    EXPECT_EQ(boost::json::serialize(blank.body),
              R"({"password":["This field may not be blank."]})");
    EXPECT_EQ(world.ask("POST", "/api/v1/auth/login", "{}").status, 400);
    EXPECT_EQ(world.ask("POST", "/api/v1/auth/login", "{").status, 400);
    EXPECT_EQ(probe(world, "unknown"), 401);
    EXPECT_EQ(world.ask("GET", "/api/v1/auth/user").status, 403);
}

TEST(Rossum, a_token_lives_as_long_as_was_asked_and_at_most_the_maximum) {
    Fixture world;
    const auto key =
        world
            .ask(
                "POST", "/api/v1/auth/login",
                R"({"username": "api_user@mycompany", "password": "sandbox-password", "max_token_lifetime_s": 60})")
            .text("key");
    world.pass(59s);
    EXPECT_EQ(probe(world, key), 200);
    world.pass(1s);
    EXPECT_EQ(probe(world, key), 401);
    for (const char* lifetime : {"583201", "0", "-1", "1.5", "\"x\""}) {
        EXPECT_EQ(
            world
                .ask("POST", "/api/v1/auth/login",
                     std::string(R"({"username": "a", "password": "b", "max_token_lifetime_s": )") +
                         lifetime + "}")
                .status,
            400)
            << lifetime;
    }
}

TEST(Rossum, exchange_takes_a_float_and_keeps_the_lifetime_of_the_old_token) {
    Fixture world;
    const auto key =
        world
            .ask(
                "POST", "/api/v1/auth/login",
                R"({"username": "api_user@mycompany", "password": "sandbox-password", "max_token_lifetime_s": 60})")
            .text("key");
    world.pass(30s);
    const auto told = world.ask("POST", "/api/v1/auth/token", "", "authorization", "Bearer " + key);
    EXPECT_EQ(told.text("scope"), "default");
    world.pass(59s);
    EXPECT_EQ(probe(world, told.text("key")), 200);
    EXPECT_EQ(probe(world, key), 401);
    EXPECT_EQ(world
                  .ask("POST", "/api/v1/auth/token", R"({"max_token_lifetime_s": 1.5})",
                       "authorization", "Bearer " + told.text("key"))
                  .status,
              200);
}

TEST(Rossum, what_nobody_documented_can_be_switched) {
    Settings settings;
    settings.rossum_login_revokes_older = true;
    settings.rossum_exchange_revokes_old = true;
    Fixture world(settings);
    const auto first = world.ask("POST", "/api/v1/auth/login", login).text("key");
    const auto second = world.ask("POST", "/api/v1/auth/login", login).text("key");
    EXPECT_EQ(probe(world, first), 401);
    const auto third =
        world.ask("POST", "/api/v1/auth/token", "", "authorization", "Token " + second).text("key");
    EXPECT_EQ(probe(world, second), 401);
    EXPECT_EQ(probe(world, third), 200);

    world.behave(R"({"settings": {"rossum_one_time": true}})");
    const auto once = world.ask("POST", "/api/v1/auth/login", login).text("key");
    EXPECT_EQ(probe(world, once), 200);
    EXPECT_EQ(probe(world, once), 401);
}

TEST(Rossum, logout_ends_a_token) {
    Fixture world;
    const auto key = world.ask("POST", "/api/v1/auth/login", login).text("key");
    EXPECT_EQ(world.ask("POST", "/api/v1/auth/logout", "", "authorization", "Bearer " + key)
                  .text("detail"),
              "Successfully logged out.");
    EXPECT_EQ(probe(world, key), 401);
}

TEST(Rossum, only_an_admin_makes_users_and_by_the_rules) {
    Fixture world;
    const auto user = world.ask("POST", "/api/v1/auth/login", login).text("key");
    const auto key = world.ask("POST", "/api/v1/auth/login", admin).text("key");
    const auto make = [&](const std::string& token, const std::string& password) {
        return world.ask(
            "POST", "/api/v1/users",
            R"({"organization": "https://localhost:1/api/v1/organizations/1234", "username": "robot@mycompany",
                             "groups": ["https://localhost:1/api/v1/groups/3"], "password": ")" +
                password + "\"}",
            "authorization", "Bearer " + token);
    };
    EXPECT_EQ(make(user, "a-good-password-1").status, 403);
    for (const char* bad :
         {"short-1", "123456789012345", "robot-is-my-name-1", "onlysmallletters"}) {
        EXPECT_EQ(make(key, bad).status, 400) << bad;
    }
    EXPECT_EQ(make(key, "a-good-password-1").status, 201);
    EXPECT_EQ(make(key, "a-good-password-1").status, 400);
    EXPECT_EQ(world
                  .ask("POST", "/api/v1/auth/login",
                       R"({"username": "robot@mycompany", "password": "a-good-password-1"})")
                  .status,
              200);
}

TEST(Rossum, lists_are_paginated) {
    Fixture world;
    const auto key = world.ask("POST", "/api/v1/auth/login", admin).text("key");
    const auto page =
        world.ask("GET", "/api/v1/groups?page_size=5", "", "authorization", "Bearer " + key);
    EXPECT_EQ(page.body.at("results").as_array().size(), 5U);
    EXPECT_EQ(page.body.at("pagination").at("total_pages").as_int64(), 2);
    EXPECT_FALSE(page.body.at("pagination").at("next").is_null());
    EXPECT_EQ(
        world.ask("GET", "/api/v1/groups?page_size=5&page=3", "", "authorization", "Bearer " + key)
            .status,
        404);
    const auto named =
        world.ask("GET", "/api/v1/groups?name=admin", "", "authorization", "Bearer " + key);
    EXPECT_EQ(named.body.at("results").at(0).at("id").as_int64(), 3);
}

TEST(Rossum, ten_requests_a_second_of_one_user_are_the_limit) {
    Fixture world;
    const auto key = world.ask("POST", "/api/v1/auth/login", login).text("key");
    for (int request = 0; request < 9; ++request)
        EXPECT_EQ(probe(world, key), 200);
    const auto refused =
        world.ask("GET", "/api/v1/auth/user", "", "authorization", "Bearer " + key);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.header("Retry-After"), "1");
    world.pass(1s);
    EXPECT_EQ(probe(world, key), 200);
}

}  // namespace
}  // namespace tokenbroker::sandbox
