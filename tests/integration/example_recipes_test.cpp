// The recipes in config/examples, each against a stand-in made from the documentation that its file
// cites.

#include "integration/world.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::integration {
namespace {

struct Example {
    const char* recipe;
    const char* inputs;  // members of the flow map
    const char* header;  // what requests carry
    const char* value;
    bool revokes;
    // What the stand-in answers, as a list for `serve`. The calls are named login, probe and
    // logout; what holds nothing of what the documentation asks for is not answered at all.
    const char* stand_in;
    const char* ended;  // what a token that is over is answered
};

const Example docker_hub{"docker-hub",
                         "identifier: myusername, secret: { file: SECRET }",
                         "Authorization",
                         "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
                         false,
                         R"([{"name": "login", "method": "POST", "path": "/v2/auth/token",
         "if": {"headers": {"Content-Type": "application/json"},
                "body": {"identifier": "myusername", "secret": "Pl@nted"}},
         "body": {"access_token": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"}}])",
                         "[]"};

const Example metabase{
    "metabase",
    "username: person@metabase.com, password: { file: SECRET }",
    "X-Metabase-Session",
    "38f4939c-ad7f-4cbe-ae54-30946daf8593",
    true,
    R"([{"name": "login", "method": "POST", "path": "/api/session",
         "if": {"headers": {"Content-Type": "application/json"},
                "body": {"username": "person@metabase.com", "password": "Pl@nted"}},
         "body": {"id": "38f4939c-ad7f-4cbe-ae54-30946daf8593"}},
        {"name": "probe", "method": "GET", "path": "/api/user/current",
         "if": {"headers": {"X-Metabase-Session": "38f4939c-ad7f-4cbe-ae54-30946daf8593"}},
         "body": {"id": 1, "email": "person@metabase.com"}},
        {"name": "logout", "method": "DELETE", "path": "/api/session", "status": 204,
         "if": {"headers": {"X-Metabase-Session": "38f4939c-ad7f-4cbe-ae54-30946daf8593"}}}])",
    R"([{"name": "probe", "method": "GET", "path": "/api/user/current", "status": 401,
         "body": "Unauthenticated"}])"};

const Example zabbix{"zabbix",
                     "username: Admin, password: { file: SECRET }, session_lifetime: 15m",
                     "Authorization",
                     "Bearer 0424bd59b807674191e7d77572075f33",
                     true,
                     R"([{"name": "login", "method": "POST", "path": "/api_jsonrpc.php",
         "if": {"headers": {"Content-Type": "application/json-rpc"},
                "body": {"jsonrpc": "2.0", "method": "user.login", "id": 1,
                         "params": {"username": "Admin", "password": "Pl@nted"}}},
         "body": {"jsonrpc": "2.0", "result": "0424bd59b807674191e7d77572075f33", "id": 1}},
        {"name": "probe", "method": "POST", "path": "/api_jsonrpc.php",
         "if": {"headers": {"Content-Type": "application/json-rpc"},
                "body": {"jsonrpc": "2.0", "method": "user.checkAuthentication", "id": 1,
                         "params": {"sessionid": "0424bd59b807674191e7d77572075f33", "extend": false}}},
         "body": {"jsonrpc": "2.0", "result": {"userid": "1", "username": "Admin"}, "id": 1}},
        {"name": "logout", "method": "POST", "path": "/api_jsonrpc.php",
         "if": {"headers": {"Content-Type": "application/json-rpc",
                            "Authorization": "Bearer 0424bd59b807674191e7d77572075f33"},
                "body": {"jsonrpc": "2.0", "method": "user.logout", "params": [], "id": 1}},
         "body": {"jsonrpc": "2.0", "result": true, "id": 1}}])",
                     R"([{"name": "probe", "method": "POST", "path": "/api_jsonrpc.php",
         "if": {"body": {"method": "user.checkAuthentication"}},
         "body": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "Invalid params.",
                  "data": "Session terminated, re-login, please."}}}])"};

// A world whose upstream is the example's stand-in; the daemon is configured, and does not run yet.
struct ExampleWorld : World {
    explicit ExampleWorld(const Example& example) {
        const std::string recipe = std::string(example.recipe) + ".yaml";
        const std::string recipes = folder.make_folder("recipes", 0755);
        folder.write("recipes/" + recipe, read_file(TOKENBROKER_EXAMPLES "/" + recipe), 0644);
        const std::string secret = folder.write("secret", "Pl@nted\n");
        std::string inputs = example.inputs;
        inputs.replace(inputs.find("SECRET"), 6, secret);
        serve(example.stand_in);
        daemon.configure(
            "recipes: [ " + recipes + " ]\naccounts:\n  example:\n    recipe: " + example.recipe +
            "\n    base_url: " + sandbox.url() + "\n    tls: { ca_file: " + sandbox.ca_file() +
            " }\n    inputs: { " + inputs + " }\n");
    }
    void serve(const std::string& answers) const { sandbox.behave("{\"serve\": " + answers + "}"); }
    [[nodiscard]] std::size_t asked(const std::string& call) const {
        return sandbox.count("served:" + call).requests;
    }
};

class ExampleRecipe : public ::testing::TestWithParam<Example> {};

TEST_P(ExampleRecipe, logs_in_as_documented_and_its_token_is_served) {
    ExampleWorld world(GetParam());
    world.daemon.start();
    const HttpAnswer answer = world.daemon.token("example");
    ASSERT_EQ(answer.status, 200) << answer.body << world.daemon.log();
    EXPECT_EQ(text(body_of(answer).at("header").at("name")), GetParam().header);
    EXPECT_EQ(text(body_of(answer).at("header").at("value")), GetParam().value);
    EXPECT_EQ(text(body_of(answer).at("expiry_source")), "assumed");
    EXPECT_EQ(world.asked("login"), 1U);
}

class ProbingRecipe : public ExampleRecipe {};

TEST_P(ProbingRecipe, asks_the_upstream_of_a_token_that_was_reported) {
    ExampleWorld world(GetParam());
    world.daemon.start();
    const auto generation = std::to_string(generation_of(world.daemon.token("example")));
    const std::string report = "{\"generation\": " + generation + "}";
    const std::string path = "/v1/accounts/example/token/rejected";
    EXPECT_EQ(world.daemon.post(path, report).status, 200);
    EXPECT_EQ(world.asked("probe"), 1U);
    EXPECT_EQ(world.asked("login"), 1U) << "it works";

    // The next report is answered by that probe's result for ten seconds: another daemon asks anew.
    world.serve(GetParam().ended);
    world.daemon.stop();
    world.daemon.start();
    static_cast<void>(world.daemon.post(path, report));
    EXPECT_TRUE(eventually(15s, [&] { return world.asked("login") == 2; })) << world.daemon.log();
}

TEST_P(ExampleRecipe, ends_its_token) {
    ExampleWorld world(GetParam());
    world.daemon.start();
    ASSERT_EQ(world.daemon.token("example").status, 200);
    const HttpAnswer answer = world.daemon.post("/v1/accounts/example/revoke?wait=10s");
    EXPECT_EQ(answer.status, GetParam().revokes ? 200 : 409) << answer.body;
    EXPECT_EQ(world.asked("logout"), GetParam().revokes ? 1U : 0U);
    EXPECT_EQ(world.asked("login"), GetParam().revokes ? 2U : 1U);
}

std::string name_of(const ::testing::TestParamInfo<Example>& parameter) {
    std::string name = parameter.param.recipe;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}
INSTANTIATE_TEST_SUITE_P(All, ExampleRecipe, ::testing::Values(docker_hub, metabase, zabbix),
                         name_of);
INSTANTIATE_TEST_SUITE_P(All, ProbingRecipe, ::testing::Values(metabase, zabbix), name_of);

struct Refusal {
    const char* name;
    const Example* example;
    const char* fault;  // members of it
    const char* kind;   // last_error.kind
    const char* state;  // login.state
};

class ExampleRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(ExampleRefusal, of_a_login_means_what_its_documentation_says) {
    ExampleWorld world(*GetParam().example);
    world.sandbox.fault(
        std::string(R"({"endpoint": "served:login", "do": "status", "times": 0, )") +
        GetParam().fault + "}");
    world.daemon.start();
    ASSERT_TRUE(eventually(10s, [&] {
        return !member(world.daemon.status("example"), "login", "last_error").is_null();
    })) << world.daemon.log();
    const auto error = member(world.daemon.status("example"), "login", "last_error");
    EXPECT_EQ(text(error.at("kind")), GetParam().kind) << text(error.at("message"));
    EXPECT_EQ(world.daemon.login_state("example"), GetParam().state);
    EXPECT_EQ(world.asked("login"), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, ExampleRefusal,
    ::testing::Values(
        Refusal{"docker_hub_wrong_secret", &docker_hub,
                R"("status": 401, "body": {"detail": "Incorrect authentication credentials"})",
                "refused", "suspended"},
        Refusal{"docker_hub_rate_limit", &docker_hub, R"("status": 429, "retry_after": 60)",
                "throttled", "throttled"},
        Refusal{"docker_hub_rate_limit_as_it_was", &docker_hub,
                R"("status": 429, "headers": {"X-Retry-After": "1900000000"})", "throttled",
                "throttled"},
        Refusal{
            "metabase_wrong_password", &metabase,
            R"("status": 401, "body": {"errors": {"password": "did not match stored password"}})",
            "refused", "suspended"},
        Refusal{"metabase_disabled", &metabase,
                R"("status": 401, "body": {"errors": {"_error": "Your account is disabled."}})",
                "refused", "suspended"},
        Refusal{
            "metabase_throttled", &metabase,
            R"("status": 401, "body": {"errors": {"username": "Too many attempts! You must wait 15 seconds before trying again."}})",
            "throttled", "throttled"},
        Refusal{
            "metabase_throttled_by_an_older_server", &metabase,
            R"("status": 400, "body": {"errors": {"username": "Too many attempts! You must wait 15 seconds before trying again."}})",
            "throttled", "throttled"},
        Refusal{
            "zabbix_wrong_password_or_blocked", &zabbix,
            R"("status": 200, "body": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32500, "message": "Application error.", "data": "Incorrect user name or password or account is temporarily blocked."}})",
            "refused", "suspended"},
        Refusal{
            "zabbix_wrong_parameter", &zabbix,
            R"("status": 200, "body": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "Invalid params.", "data": "Invalid parameter \"/\": unexpected parameter \"username\"."}})",
            "refused", "suspended"},
        Refusal{
            "zabbix_internal_error", &zabbix,
            R"("status": 200, "body": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "Internal error.", "data": ""}})",
            "unavailable", "backing_off"},
        Refusal{
            "zabbix_no_such_method", &zabbix,
            R"("status": 200, "body": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "Method not found.", "data": "Incorrect API \"user\"."}})",
            "unexpected", "backing_off"}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace tokenbroker::integration
