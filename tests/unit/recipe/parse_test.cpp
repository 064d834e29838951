#include "recipe_helpers.hpp"

namespace tokenbroker::recipe {
namespace {

TEST(Parse, reads_the_recipe_of_the_specification) {
    const Recipe recipe = parse_good(R"(
recipe: vendor
title: Vendor
base: { strip: [ /api, /api/v1 ] }
inputs:
  username:       { required: true, identity: true }
  password:       { required: true, secret: true }
  token_lifetime: { type: duration, default: 162h, max: 162h }
  exchange:       { type: boolean, default: true }
  tries:          { type: integer, max: 9, default: 3 }
  where:          { type: path, default: /a/b }
  mode:           { choices: [ fast, slow ], default: fast }
acquire:
  - step: login
    login: true
    request:
      method: POST
      path: /api/v1/auth/login
      query: { mode: "${mode}", tries: "${tries}" }
      json: { username: "${username}", password: "${password}", max_token_lifetime_s: "${token_lifetime}" }
    take: { token: /key, expires_in: { at: /expires_in, default: "${token_lifetime}", secret: false } }
  - step: exchange
    when: { exchange: true }
    optional: true
    request:
      method: POST
      path: "${where}"
      headers: { Authorization: "Bearer ${token}" }
    take: { token: /key }
token:
  value: "${token}"
  header: { name: Authorization, value: "Bearer ${token}" }
  expires: { in: "${expires_in}" }
probe:
  request: { method: GET, path: /api/v1/auth/user, headers: { Authorization: "Bearer ${token}" } }
revoke:
  - request: { method: POST, path: /api/v1/auth/logout, headers: { Authorization: "Bearer ${token}" } }
  - request: { method: DELETE, path: /api/v1/sessions, basic: { user: "${username}", password: "${token}" } }
answers:
  - { status: [ 401, 403-405 ], step: [ login, probe ], json: { /code: [ 6, seven ] }, means: refused, hint: mend it }
)");
    EXPECT_EQ(recipe.name, "vendor");
    EXPECT_EQ(recipe.title, "Vendor");
    EXPECT_EQ(recipe.strip, (std::vector<std::string>{"/api/v1", "/api"})) << "longest first";
    ASSERT_EQ(recipe.inputs.size(), 7U);
    EXPECT_TRUE(recipe.inputs[0].required && recipe.inputs[0].identity && !recipe.inputs[0].secret);
    EXPECT_TRUE(recipe.inputs[1].secret);
    EXPECT_EQ(recipe.inputs[2].type, InputType::duration);
    EXPECT_EQ(*recipe.inputs[2].max, Value(Scalar(Milliseconds(std::chrono::hours(162)))));
    EXPECT_EQ(*recipe.inputs[3].otherwise, Value(Scalar(true)));
    EXPECT_EQ(*recipe.inputs[4].otherwise, Value(Scalar(std::int64_t{3})));
    EXPECT_TRUE(recipe.inputs[5].otherwise->is_path());
    EXPECT_EQ(recipe.inputs[6].choices, (std::vector<std::string>{"fast", "slow"}));

    ASSERT_EQ(recipe.acquire.size(), 2U);
    const Step& login = recipe.acquire[0];
    EXPECT_TRUE(login.login && !login.optional);
    EXPECT_EQ(login.place.line, 14U);
    EXPECT_EQ(login.take[0].name, "token");
    EXPECT_TRUE(login.take[0].secret);
    EXPECT_EQ(login.take[1].at.text(), "/expires_in");
    EXPECT_FALSE(login.take[1].secret);
    const Step& exchange = recipe.acquire[1];
    EXPECT_TRUE(exchange.optional);
    Values values = with_defaults(recipe.inputs, Values());
    EXPECT_TRUE(runs(exchange, values));
    values.set("exchange", Value(Scalar(false)));
    EXPECT_FALSE(runs(exchange, values));

    EXPECT_EQ(recipe.probe->name, "probe");
    EXPECT_EQ(recipe.revoke[0].name, "revoke");
    EXPECT_EQ(recipe.revoke[1].name, "revoke_2");
    EXPECT_TRUE(recipe.relative_expiry());
    ASSERT_EQ(recipe.answers.size(), 1U);
    const AnswerRule& rule = recipe.answers[0];
    EXPECT_EQ(rule.statuses, (std::vector<std::pair<int, int>>{{401, 401}, {403, 405}}));
    EXPECT_EQ(rule.steps, (std::vector<std::string>{"login", "probe"}));
    EXPECT_EQ(rule.means, core::Verdict::refused);
    EXPECT_EQ(rule.hint, "mend it");
    EXPECT_FALSE(recipe.built_in);
}

TEST(BasePath, loses_known_endings_longest_first) {
    Recipe recipe;
    recipe.strip = {"/api/v1", "/api"};
    for (const char* path : {"", "/", "/api", "/api/", "/api/v1", "/api/v1/", "/api/v1//"}) {
        EXPECT_EQ(recipe.base_path(path), "") << path;
    }
    EXPECT_EQ(recipe.base_path("/tenant/api/v1"), "/tenant");
    EXPECT_EQ(recipe.base_path("/tenant/"), "/tenant");
    EXPECT_EQ(recipe.base_path("/api/v2"), "/api/v2");
    EXPECT_EQ(recipe.base_path("/myapi"), "/myapi");
}

TEST(When, holds_for_values_and_for_what_is_given) {
    Values values;
    values.set("mode", Value::text("fast"));
    values.set("number", Value(Scalar(std::int64_t{5})));
    values.set("truth", Value(Scalar(true)));
    EXPECT_TRUE(holds({}, values));
    EXPECT_TRUE(holds({{"mode", {"slow", "fast"}, true}}, values));
    EXPECT_FALSE(holds({{"mode", {"slow"}, true}}, values));
    EXPECT_TRUE(holds({{"number", {"5"}, true}, {"truth", {"true"}, true}}, values));
    EXPECT_FALSE(holds({{"number", {"5"}, true}, {"truth", {"false"}, true}}, values));
    EXPECT_FALSE(holds({{"absent", {"x"}, true}}, values));
    EXPECT_TRUE(holds({{"absent", {}, false}}, values));
    EXPECT_FALSE(holds({{"absent", {}, true}}, values));
    EXPECT_TRUE(holds({{"mode", {}, true}}, values));
    EXPECT_FALSE(holds({{"mode", {}, false}}, values));
}

TEST(Parse, keeps_the_text_for_people) {
    const std::string text = recipe_text("",
                                         "  - step: login\n    login: true\n    request: { method: "
                                         "GET, path: /a }\n    take: { token: /a }\n");
    EXPECT_EQ(parse_good(text).source, text);
}

}  // namespace
}  // namespace tokenbroker::recipe
