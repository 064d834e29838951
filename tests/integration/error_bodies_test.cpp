// Every error that the vendors document, or whose meaning they leave open, at the steps of each
// built-in recipe: one account for each error, all of a recipe in one daemon.

#include "integration/world.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

struct Meaning {
    const char* kind;   // last_error.kind
    const char* state;  // login.state
};
constexpr Meaning refused{"refused", "suspended"};
constexpr Meaning throttled{"throttled", "throttled"};
constexpr Meaning unavailable{"unavailable", "backing_off"};
constexpr Meaning unexpected{"unexpected", "backing_off"};

struct Row {
    const char* name;   // of the account too
    const char* fault;  // members of it
    Meaning means;
    const char* says = "";  // a part of last_error.message
};

struct Table {
    const char* name;
    const char* recipe;
    const char* endpoint;
    const char* inputs;  // beside the one that says who
    const char* secret;
    std::vector<Row> rows;
};

#define OZ(status, code, text)                                                                  \
    "\"status\": " #status ", \"body\": {\"error_code\": " #code ", \"error_message\": \"" text \
    "\", \"details\": null}"
#define OAUTH(status, error) "\"status\": " #status ", \"body\": {\"error\": \"" error "\"}"

// Whoever has a row's name may log in at each vendor: as a user, as an ADMIN of Oz, as a client.
std::string accounts_of(const Table& table) {
    std::string rossum;
    std::string oz;
    std::string clients;
    for (const Row& row : table.rows) {
        const std::string name = std::string("\"") + row.name + "\"";
        const std::string next = rossum.empty() ? "" : ", ";
        rossum += next + "{\"username\": " + name + ", \"password\": \"sandbox-password\"}";
        oz += next + "{\"email\": " + name +
              ", \"password\": \"sandbox-admin-password\", \"user_type\": \"ADMIN\"}";
        clients += next + "{\"client_id\": " + name + ", \"client_secret\": \"sandbox-secret\"}";
    }
    return "{\"rossum\": [" + rossum + "], \"oz\": [" + oz + "], \"oauth\": {\"clients\": [" +
           clients + "]}}";
}

class DocumentedErrors : public ::testing::TestWithParam<Table> {};

// The account of that row is answered so, each time that it asks there.
void answer_with_error(const World& world, const Table& table, const Row& row) {
    world.sandbox.fault(std::string(R"({"do": "status", "times": 0, "endpoint": ")") +
                        table.endpoint + R"(", "account": ")" + row.name + "\", " + row.fault +
                        "}");
    world.write_password(row.name, table.secret);
}

TEST_P(DocumentedErrors, mean_what_the_vendor_says) {
    const Table& table = GetParam();
    const TempDir files;
    World world({"--accounts", files.write("accounts.json", accounts_of(table))});
    std::vector<Account> accounts;
    for (const Row& row : table.rows) {
        answer_with_error(world, table, row);
        // A realm of its own, so that no throttle holds another's login up.
        accounts.push_back(Account{.name = row.name,
                                   .recipe = table.recipe,
                                   .inputs = table.inputs,
                                   .more = std::string("    throttle: { realm: ") + row.name + " }",
                                   .username = row.name});
    }
    world.start(accounts);
    for (const Row& row : table.rows) {
        SCOPED_TRACE(row.name);
        EXPECT_TRUE(eventually(15s, [&] { return !world.error_kind(row.name).empty(); }));
        EXPECT_EQ(world.error_kind(row.name), row.means.kind) << world.error_message(row.name);
        EXPECT_EQ(world.daemon.login_state(row.name), row.means.state);
        EXPECT_NE(world.error_message(row.name).find(row.says), std::string::npos)
            << world.error_message(row.name);
        EXPECT_EQ(world.daemon.token(row.name, "?wait=0s").status, 503);
        EXPECT_EQ(world.sandbox.count(table.endpoint, row.name).requests, 1U);
    }
}

const Table rossum_login{
    "rossum_login",
    "rossum",
    "rossum.login",
    "",
    "sandbox-password",
    {
        {"blank", R"("status": 400, "body": {"password": ["This field may not be blank."]})",
         refused, "This field may not be blank."},
        {"wrong", R"("status": 401, "body": {"detail": "Invalid username/password."})", refused,
         "Invalid username/password."},
        {"forbidden", R"("status": 403, "body": {"detail": "Insufficient permission."})", refused},
        {"gateway-403", R"("status": 403, "body": "<html>Forbidden</html>")", unexpected},
        {"gateway-400", R"("status": 400, "body": "<html>Bad Request</html>")", unexpected},
        {"not-found", R"("status": 404, "body": {"detail": "Not found."})", unexpected},
        {"method", R"("status": 405, "body": {"detail": "Method \"POST\" not allowed."})",
         unexpected},
        {"conflict", R"("status": 409, "body": {"detail": "Conflict."})", unexpected},
        {"too-large", R"("status": 413, "body": {"detail": "Too large."})", unexpected},
        {"throttled",
         R"("status": 429, "retry_after": 10, "body": {"detail": "Too many requests"})", throttled,
         "Too many requests"},
        {"throttled-bare", R"("status": 429, "body": "")", throttled},
        {"error", R"("status": 500, "body": {"detail": "Try again later."})", unavailable},
        {"maintenance",
         R"("status": 503, "body": {"detail": "temporarily offline for maintenance."})",
         unavailable},
        {"maintenance-until", R"("status": 503, "retry_after": 60, "body": {"detail": "offline"})",
         throttled},
        {"timeout", R"("status": 408, "body": "")", unavailable},
        {"no-key", R"("status": 200, "body": {})", unexpected, "\"/key\""},
        {"key-null", R"("status": 200, "body": {"key": null, "domain": null})", unexpected},
        {"no-object", R"("status": 200, "body": ["key"])", unexpected, "a JSON object is needed"},
        {"no-json", R"("status": 200, "body": "<html>Log in</html>")", unexpected},
        {"redirect", R"("status": 302, "headers": {"Location": "/login"}, "body": "")", unexpected,
         "redirect"},
    }};

const Table oz_login{
    "oz_login",
    "oz",
    "oz.login",
    "",
    "sandbox-admin-password",
    {
        {"code-0", OZ(500, 0, "Unknown server side error occurred"), unavailable,
         "Unknown server side error occurred"},
        {"code-1", OZ(405, 1, "Not allowed"), unexpected, "the upstream wants another method"},
        {"code-2", OZ(501, 2, "Not realized"), unavailable},
        {"code-3", OZ(400, 3, "Invalid structure"), refused},
        {"code-4", OZ(400, 4, "Invalid value"), refused},
        {"code-5", OZ(400, 5, "Invalid type"), refused},
        {"code-6", OZ(401, 6, "Access token not specified."), refused},
        {"code-7", OZ(401, 7, "Invalid credentials value"), refused, "Invalid credentials value"},
        {"code-8", OZ(401, 8, "Auth token is expired."), refused},
        {"code-9", OZ(403, 9, "Access denied for the current user."), refused},
        {"code-10", OZ(404, 10, "User does not exist"), refused},
        {"code-11", OZ(500, 11, "External service"), unavailable},
        {"code-12", OZ(500, 12, "Database"), unavailable},
        // The code decides before the status.
        {"code-0-status-200", OZ(200, 0, "Unknown"), unavailable},
        {"code-0-status-400", OZ(400, 0, "Unknown"), unavailable},
        {"code-0-status-429", OZ(429, 0, "Too many requests"), throttled},
        {"code-0-status-503",
         "\"retry_after\": 30, " OZ(503, 0, "Unknown server side error occurred"), throttled},
        {"code-7-status-200", OZ(200, 7, "Invalid credentials value"), refused},
        {"code-7-status-500", OZ(500, 7, "Invalid credentials value"), refused},
        {"code-11-status-403", OZ(403, 11, "External service"), unavailable},
        {"no-code", R"("status": 401, "body": {"error_message": "no"})", refused},
        {"gateway", R"("status": 502, "body": "<html>Bad Gateway</html>")", unavailable},
        {"stateless", R"("status": 404, "body": "<html>Not Found</html>")", unexpected},
        {"no-token", R"("status": 200, "body": {"user": {"user_type": "ADMIN"}})", unexpected},
    }};

const Table oz_service_token{
    "oz_service_token",
    "oz-service-token",
    "oz.service_token",
    "user_id: 00000000-0000-4000-8000-000000000002",
    "sandbox-admin-password",
    {
        {"code-0", OZ(500, 0, "Unknown server side error occurred"), unavailable},
        {"code-1", OZ(405, 1, "Not allowed"), unexpected, "set `method`"},
        {"code-2", OZ(501, 2, "Not realized"), unavailable},
        {"code-3", OZ(400, 3, "Invalid structure"), refused, "check user_id and api"},
        {"code-4", OZ(400, 4, "Invalid value"), refused},
        {"code-5", OZ(400, 5, "Invalid type"), refused},
        {"code-9", OZ(403, 9, "Access denied for the current user."), refused,
         "the account is no ADMIN"},
        {"code-10", OZ(404, 10, "User does not exist"), refused, "check user_id and api"},
        {"code-11", OZ(500, 11, "External service"), unavailable},
        {"code-12", OZ(500, 12, "Database"), unavailable},
        {"code-11-status-503", "\"retry_after\": 30, " OZ(503, 11, "External service"), throttled},
        {"redirect", R"("status": 301, "headers": {"Location": "/x/"}, "body": "")", unexpected,
         "trailing slashes"},
    }};

const Table oauth{
    "oauth",
    "oauth2-client-credentials",
    "oauth.token",
    "",
    "sandbox-secret",
    {
        {"invalid-client", OAUTH(401, "invalid_client"), refused, "invalid_client"},
        {"invalid-client-400", OAUTH(400, "invalid_client"), refused},
        {"invalid-grant", OAUTH(400, "invalid_grant"), refused},
        {"invalid-request", OAUTH(400, "invalid_request"), refused},
        {"invalid-scope", OAUTH(400, "invalid_scope"), refused},
        {"unauthorized-client", OAUTH(400, "unauthorized_client"), refused},
        {"unsupported-grant", OAUTH(400, "unsupported_grant_type"), refused},
        {"temporarily", OAUTH(400, "temporarily_unavailable"), unavailable},
        {"temporarily-503", OAUTH(503, "temporarily_unavailable"), unavailable},
        {"temporarily-429", OAUTH(429, "temporarily_unavailable"), throttled},
        {"temporarily-503-until", "\"retry_after\": 30, " OAUTH(503, "temporarily_unavailable"),
         throttled},
        {"server-error", OAUTH(400, "server_error"), unavailable},
        {"server-error-200", OAUTH(200, "server_error"), unavailable},
        {"slow-down", R"("status": 429, "retry_after": 30, "body": {"error": "slow_down"})",
         throttled},
        {"description",
         R"("status": 400, "body": {"error": "invalid_scope", "error_description": "no such scope"})",
         refused, "no such scope"},
        {"no-token", R"("status": 200, "body": {"token_type": "Bearer"})", unexpected,
         "\"/access_token\""},
        {"gateway", R"("status": 403, "body": "<html>")", unexpected},
    }};

INSTANTIATE_TEST_SUITE_P(Of, DocumentedErrors,
                         ::testing::Values(rossum_login, oz_login, oz_service_token, oauth),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

// A renewal that fails: the token is served on, and no login is made for it.
TEST(DocumentedErrors, of_a_renewal_of_oz_cost_no_login) {
    const Table table{
        "oz_refresh",
        "oz",
        "oz.refresh",
        "",
        "sandbox-admin-password",
        {
            {"code-0", OZ(500, 0, "Unknown"), unavailable},
            {"code-11", OZ(500, 11, "External service"), unavailable},
            {"code-12-status-200", OZ(200, 12, "Database"), unavailable},
            {"error", R"("status": 502, "body": "<html>Bad Gateway</html>")", unavailable},
            {"maintenance", R"("status": 503, "body": "")", unavailable},
            {"busy", R"("status": 429, "retry_after": 60, "body": "")", throttled},
            {"busy-code", "\"retry_after\": 60, " OZ(429, 0, "Too many"), throttled},
        }};
    const TempDir files;
    World world({"--accounts", files.write("accounts.json", accounts_of(table)), "--oz-session-ttl",
                 "20s"});
    std::vector<Account> accounts;
    for (const Row& row : table.rows) {
        answer_with_error(world, table, row);
        accounts.push_back(Account{.name = row.name,
                                   .recipe = table.recipe,
                                   .more = std::string("    throttle: { realm: ") + row.name + " }",
                                   .username = row.name});
    }
    world.start(accounts);
    for (const Row& row : table.rows) {
        SCOPED_TRACE(row.name);
        ASSERT_EQ(world.daemon.token(row.name).status, 200) << world.daemon.log();
        world.daemon.post(std::string("/v1/accounts/") + row.name + "/refresh?wait=1s");
        ASSERT_TRUE(eventually(5s, [&] { return !world.error_kind(row.name).empty(); }));
        EXPECT_EQ(world.error_kind(row.name), row.means.kind) << world.error_message(row.name);
        EXPECT_EQ(world.daemon.token(row.name, "?wait=0s").status, 200);
        EXPECT_EQ(world.sandbox.count("oz.login", row.name).requests, 1U);
        EXPECT_EQ(world.sandbox.count("oz.refresh", row.name).requests, 1U);
    }
}

// The same errors of the other OAuth grants, whose requests name nobody that a row could be.
TEST(DocumentedErrors, of_the_other_oauth_grants) {
    for (const std::string recipe : {"oauth2-password", "oauth2-refresh-token"}) {
        World world;
        world.sandbox.fault(std::string(R"({"do": "status", "endpoint": "oauth.token", )") +
                            OAUTH(400, "temporarily_unavailable") + "}");
        world.sandbox.fault(std::string(R"({"do": "status", "endpoint": "oauth.token", )") +
                            OAUTH(400, "invalid_grant") + "}");
        world.start({Account{.name = "a", .recipe = recipe}}, impatient);
        ASSERT_TRUE(eventually(10s, [&] { return world.error_kind("a") == "refused"; }))
            << world.daemon.log();
        EXPECT_EQ(world.daemon.login_state("a"), "suspended");
        EXPECT_EQ(world.sandbox.count("oauth.token").requests, 2U);
        const bool hints =
            world.error_message("a").find("give a new refresh_token") != std::string::npos;
        EXPECT_EQ(hints, recipe == "oauth2-refresh-token") << world.error_message("a");
    }
}

// The ADMIN's own token died between the two steps: that is no fault of the credentials, and the
// next login gets another one.
TEST(DocumentedErrors, of_a_token_that_died_between_two_steps_lead_to_another_login) {
    for (const char* fault : {OZ(401, 6, "Access token not specified."),
                              OZ(401, 7, "The access token does not exist in the database."),
                              OZ(401, 8, "Auth token is expired.")}) {
        World world;
        world.sandbox.fault(std::string(R"({"do": "status", "endpoint": "oz.service_token", )") +
                            fault + "}");
        world.start({Account{.name = "oz",
                             .recipe = "oz-service-token",
                             .inputs = "user_id: 00000000-0000-4000-8000-000000000002"}},
                    impatient);
        EXPECT_EQ(world.daemon.token("oz", "?wait=20s").status, 200) << world.daemon.log();
        EXPECT_EQ(world.sandbox.count("oz.login").requests, 2U);
    }
}

}  // namespace
}  // namespace tokenbroker::integration
