#include "unit/sandbox/support.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr const char* header = "x-forensic-access-token";

std::string login_body(const std::string& user, const std::string& password = "sandbox-password") {
    return R"({"credentials": {"email": ")" + user + R"(@oz.example", "password": ")" + password +
           "\"}}";
}

Fixture::Told login(Fixture& world, const std::string& user,
                    const std::string& password = "sandbox-password") {
    return world.ask("POST", "/api/authorize/auth", login_body(user, password));
}

Fixture::Told use(Fixture& world, const std::string& token) {
    return world.ask("GET", "/api/folders/", "", header, token);
}

void expect_error(const Fixture::Told& told, int status, int code) {
    EXPECT_EQ(told.status, status) << told.wire;
    EXPECT_EQ(told.body.at("error_code").as_int64(), code) << told.wire;
    EXPECT_TRUE(told.body.at("details").is_null());
}

TEST(Oz, a_service_account_gets_years_and_another_a_quarter_of_an_hour) {
    Fixture world;
    const double now = 1795305600;
    EXPECT_DOUBLE_EQ(login(world, "service").body.at("expire_date").as_double(),
                     now + 5 * 365 * 86400.0);
    EXPECT_DOUBLE_EQ(login(world, "operator").body.at("expire_date").as_double(), now + 900);
    EXPECT_NE(login(world, "operator").wire.find("\"expire_date\":1795306500.000000"),
              std::string::npos);
}

TEST(Oz, errors_carry_the_code_that_tells_them_apart) {
    Fixture world;
    expect_error(login(world, "service", "wrong"), 401, 7);
    expect_error(world.ask("POST", "/api/authorize/auth", "{}"), 400, 3);
    expect_error(world.ask("GET", "/api/authorize/auth"), 405, 1);
    expect_error(use(world, "unknown"), 401, 7);
    expect_error(world.ask("GET", "/api/folders/"), 401, 6);
    world.behave(R"({"settings": {"oz-sliding": false}})");
    const auto token = login(world, "operator").text("access_token");
    world.pass(15min);
    expect_error(use(world, token), 401, 8);
    expect_error(world.ask("GET", "/api/authorize/service_token/x", "", header,
                           login(world, "service").text("access_token")),
                 403, 9);
}

TEST(Oz, a_session_slides_with_each_use_unless_it_is_fixed) {
    Fixture world;
    const auto token = login(world, "operator").text("access_token");
    for (int use_number = 0; use_number < 3; ++use_number) {
        world.pass(14min);
        EXPECT_EQ(use(world, token).status, 200);
    }
    world.behave(R"({"settings": {"oz-sliding": false}})");
    const auto fixed = login(world, "operator").text("access_token");
    world.pass(14min);
    EXPECT_EQ(use(world, fixed).status, 200);
    world.pass(2min);
    EXPECT_EQ(use(world, fixed).status, 401);
}

TEST(Oz, the_old_pair_dies_at_the_first_use_of_the_new_one) {
    Fixture world;
    const auto old = login(world, "operator");
    const auto renewed = world.ask("POST", "/api/authorize/refresh/",
                                   R"({"expire_token": ")" + old.text("expire_token") + "\"}",
                                   header, old.text("access_token"));
    EXPECT_EQ(renewed.status, 200);
    EXPECT_EQ(use(world, old.text("access_token")).status, 200);
    EXPECT_EQ(use(world, renewed.text("access_token")).status, 200);
    EXPECT_EQ(use(world, old.text("access_token")).status, 401);
}

TEST(Oz, the_old_pair_dies_at_a_refresh_with_the_new_one_too) {
    Fixture world;
    const auto refresh = [&](const Fixture::Told& by, const Fixture::Told& pair) {
        return world.ask("POST", "/api/authorize/refresh/",
                         R"({"expire_token": ")" + pair.text("expire_token") + "\"}", header,
                         by.text("access_token"));
    };
    const auto first = login(world, "operator");
    const auto second = refresh(first, first);
    ASSERT_EQ(second.status, 200);
    expect_error(refresh(second, first), 401, 7);
    expect_error(use(world, first.text("access_token")), 401, 7);
    const auto third = refresh(second, second);
    ASSERT_EQ(third.status, 200);
    EXPECT_EQ(use(world, second.text("access_token")).status, 200) << "until the third is used";
    EXPECT_EQ(use(world, third.text("access_token")).status, 200);
    expect_error(use(world, second.text("access_token")), 401, 7);
}

TEST(Oz, refresh_refuses_as_documented) {
    Fixture world;
    const auto mine = login(world, "operator");
    const auto other = login(world, "service");
    const auto refresh = [&](const std::string& body, const std::string& token) {
        return world.ask("POST", "/api/authorize/refresh", body, header, token);
    };
    const auto missing = refresh("{}", mine.text("access_token"));
    expect_error(missing, 400, 3);
    EXPECT_EQ(missing.text("error_message"),
              "Could not locate field for key_path expire_token from provided dict data");
    const auto unknown = refresh(R"({"expire_token": "x"})", mine.text("access_token"));
    EXPECT_EQ(unknown.status, 401);
    EXPECT_EQ(unknown.text("error_message"), "Session not found");
    const auto foreign = refresh(R"({"expire_token": ")" + mine.text("expire_token") + "\"}",
                                 other.text("access_token"));
    EXPECT_EQ(foreign.status, 403);
    EXPECT_EQ(foreign.text("error_message"), "You have not access to refresh this session");
}

TEST(Oz, an_admin_gets_a_service_token_by_the_generation_s_path) {
    Fixture world;
    const auto admin = login(world, "admin", "sandbox-admin-password").text("access_token");
    const std::string id = "00000000-0000-4000-8000-000000000002";
    const auto six = world.ask("GET", "/api/authorize/service_token/" + id, "", header, admin);
    EXPECT_EQ(six.status, 200);
    EXPECT_EQ(six.text("user_id"), id);
    EXPECT_FALSE(six.body.as_object().contains("expire_token"));
    EXPECT_EQ(world.ask("GET", "/api/authorize/service_token", "", header, admin).status, 404);
    expect_error(world.ask("POST", "/api/authorize/service_token/" + id, "", header, admin), 405,
                 1);
    world.behave(R"({"settings": {"oz-api": "5", "oz-service-token-method": "POST"}})");
    EXPECT_EQ(world.ask("POST", "/api/authorize/service_token", "{}", header, admin).status, 200);
}

TEST(Oz, users_are_made_in_the_form_of_the_generation) {
    Fixture world;
    const auto admin = login(world, "admin", "sandbox-admin-password").text("access_token");
    const auto company = world.ask("POST", "/api/companies/", R"({"name": "acme"})", header, admin);
    EXPECT_EQ(company.status, 201);
    const auto make = [&](const std::string& email, const std::string& profile) {
        return world.ask("POST", "/api/users/",
                         R"({"credentials": {"email": ")" + email +
                             R"(", "password": "p"}, "profile": {"company_id": ")" +
                             company.text("company_id") + "\", " + profile + "}}",
                         header, admin);
    };
    const std::string six = R"("user_type": "CLIENT_SERVICE", "can_start_analysis_biometry": true)";
    const std::string five =
        R"("user_type": "CLIENT", "is_service": true, "is_admin": false, "can_start_analyse_biometry": true)";
    EXPECT_EQ(make("a@x", six).status, 201);
    EXPECT_EQ(make("a@x", six).status, 400);
    EXPECT_EQ(make("b@x", five).status, 400);
    world.behave(R"({"settings": {"oz-api": "5"}})");
    EXPECT_EQ(make("c@x", six).status, 400);
    const auto made = make("c@x", five);
    EXPECT_EQ(made.status, 201);
    EXPECT_TRUE(made.body.at("is_service").as_bool());
    EXPECT_DOUBLE_EQ(world
                         .ask("POST", "/api/authorize/auth/",
                              R"({"credentials": {"email": "c@x", "password": "p"}})")
                         .body.at("expire_date")
                         .as_double(),
                     1795305600 + 5 * 365 * 86400.0);
}

TEST(Oz, a_wrong_slash_is_redirected_where_that_is_asked) {
    Fixture world;
    EXPECT_EQ(world.ask("POST", "/api/authorize/auth/", login_body("service")).status, 200);
    world.behave(R"({"settings": {"oz-slash": "required"}})");
    const auto told = world.ask("POST", "/api/authorize/auth", login_body("service"));
    EXPECT_EQ(told.status, 301);
    EXPECT_EQ(told.header("Location"), "/api/authorize/auth/");
}

TEST(Oz, expire_date_comes_in_each_form) {
    Fixture world;
    const auto form = [&](const std::string& name) {
        world.behave(R"({"settings": {"oz-expire-date": ")" + name +
                     R"(", "oz-expire-date-skew": "-1m"}})");
        return login(world, "operator").body.as_object();
    };
    EXPECT_EQ(form("integer").at("expire_date").as_int64(), 1795305600 + 840);
    EXPECT_EQ(form("text").at("expire_date").as_string(), std::to_string(1795305600 + 840));
    EXPECT_EQ(form("rfc3339").at("expire_date").as_string(), "2026-11-22T00:14:00Z");
    EXPECT_FALSE(form("absent").contains("expire_date"));
}

}  // namespace
}  // namespace tokenbroker::sandbox
