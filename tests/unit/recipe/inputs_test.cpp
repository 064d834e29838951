#include "recipe_helpers.hpp"

#include <gmock/gmock.h>

namespace tokenbroker::recipe {
namespace {

Input input_of(InputType type) {
    Input input;
    input.name = "a";
    input.type = type;
    return input;
}

std::string read(const Input& input, std::string_view text) {
    const auto value = read_input(input, text);
    return value ? value->shown() : "wrong: " + value.error().message();
}

TEST(Inputs, of_every_type_read_their_text) {
    EXPECT_EQ(read(input_of(InputType::text), "a b"), "a b");
    EXPECT_EQ(read(input_of(InputType::text), ""), "");
    EXPECT_EQ(read(input_of(InputType::integer), "-5"), "-5");
    EXPECT_EQ(read(input_of(InputType::boolean), "true"), "true");
    EXPECT_EQ(read(input_of(InputType::duration), "90m"), "90m");
    EXPECT_EQ(read(input_of(InputType::path), "/a/b"), "/a/b");
    Input choice = input_of(InputType::choice);
    choice.choices = {"basic", "post"};
    EXPECT_EQ(read(choice, "post"), "post");
}

TEST(Inputs, of_every_type_say_what_is_allowed) {
    EXPECT_EQ(read(input_of(InputType::text), "a\nb"), "wrong: expected text on one line");
    EXPECT_EQ(read(input_of(InputType::text), "\xff"), "wrong: expected text on one line");
    for (const char* text : {"", "5.0", "five", "99999999999999999999", " 5"}) {
        EXPECT_EQ(read(input_of(InputType::integer), text), "wrong: expected a whole number")
            << text;
    }
    for (const char* text : {"", "yes", "True", "1"}) {
        EXPECT_EQ(read(input_of(InputType::boolean), text), "wrong: expected true or false")
            << text;
    }
    for (const char* text : {"", "0s", "1", "1y", "-1s"}) {
        EXPECT_EQ(read(input_of(InputType::duration), text),
                  "wrong: expected a duration (digits and ms, s, m, h or d)")
            << text;
    }
    for (const char* text : {"", "a/../b", "a//b", "a?b", "a#b"}) {
        EXPECT_EQ(read(input_of(InputType::path), text),
                  "wrong: expected a path without \"..\", empty segment, '?' or '#'")
            << text;
    }
    Input choice = input_of(InputType::choice);
    choice.choices = {"basic", "post"};
    EXPECT_EQ(read(choice, "bsic"), "wrong: expected one of basic, post; did you mean \"basic\"?");
}

TEST(Inputs, hold_their_maximum) {
    Input lifetime = input_of(InputType::duration);
    lifetime.max = Value(Scalar(Milliseconds(std::chrono::hours(162))));
    EXPECT_EQ(read(lifetime, "162h"), "162h");
    EXPECT_EQ(read(lifetime, "583201s"),
              "wrong: expected a duration (digits and ms, s, m, h or d) of at most 162h");
    Input number = input_of(InputType::integer);
    number.max = Value(Scalar(std::int64_t{7}));
    EXPECT_EQ(read(number, "7"), "7");
    EXPECT_EQ(read(number, "8"), "wrong: expected a whole number of at most 7");
}

TEST(Inputs, that_are_required_are_not_empty) {
    Input input = input_of(InputType::text);
    input.required = true;
    EXPECT_EQ(read(input, ""), "wrong: expected text on one line, not empty");
}

TEST(Inputs, that_are_secret_are_not_shown) {
    EXPECT_EQ(secret_input(Secret("hunter2")).shown(), "***");
}

TEST(Inputs, are_missing_where_they_are_required) {
    const RecipeHandle recipe = Library::with_built_ins().find("oz-service-token");
    const auto missing = [&](Values given) {
        return missing_inputs(recipe->inputs, with_defaults(recipe->inputs, std::move(given)));
    };
    EXPECT_THAT(missing(Values()), testing::ElementsAre("email", "password", "user_id"));
    Values given;
    given.set("email", Value::text("a"));
    given.set("password", secret(""));
    EXPECT_THAT(missing(given), testing::ElementsAre("user_id")) << "API 6, the default, needs it";
    given.set("api", Value::text("5"));
    EXPECT_THAT(missing(given), testing::ElementsAre());
}

TEST(Inputs, identify_an_account_in_a_fixed_form) {
    const RecipeHandle recipe = Library::with_built_ins().find("oauth2-password");
    Values values;
    values.set("username", Value::text("u\"ser"));
    values.set("client_id", Value::text("me"));
    values.set("password", secret("hunter2"));
    EXPECT_EQ(identity_of(*recipe, values), R"({"client_id":"me","username":"u\"ser"})");
}

TEST(Values, take_the_newer_ones) {
    Values values;
    values.set("a", Value::text("1"));
    values.set("b", secret("2"));
    Values newer;
    newer.set("a", secret("3"));
    values.merge(newer);
    EXPECT_EQ(values.find("a")->as_text().reveal(), "3");
    const std::vector<Secret> secrets = values.secrets();
    ASSERT_EQ(secrets.size(), 2U);
    EXPECT_EQ(secrets[0].reveal(), "3");
    EXPECT_EQ(secrets[1].reveal(), "2");
}

}  // namespace
}  // namespace tokenbroker::recipe
