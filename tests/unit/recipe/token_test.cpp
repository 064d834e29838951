#include "recipe/token.hpp"

#include "base/encode.hpp"
#include "recipe_helpers.hpp"

namespace tokenbroker::recipe {
namespace {

using core::ExpirySource;

constexpr WallTime sent = now;

std::string seconds_from_now(std::int64_t seconds) {
    return std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() + seconds);
}

// A recipe whose login takes `token` and `end`, and whose token expires as said.
Recipe expiring(std::string_view expires, std::string_view json = "{ a: \"${life}\" }") {
    return parse_good(
        "recipe: sample\ntitle: Sample\ninputs: { life: { type: duration, default: 1h }, count: { "
        "type: integer, default: 60 } }\n"
        "acquire:\n  - step: login\n    login: true\n    request: { method: POST, path: /a, "
        "headers: { X-Life: \"x\" }, query: { unsent: \"${count}\" }, json: " +
        std::string(json) +
        " }\n    take: { token: /token, end: { at: /end, default: \"${life}\" } }\n"
        "token: { value: \"${token}\", header: { name: X-Token, value: \"T ${token}\" }, "
        "expires: " +
        std::string(expires) + " }\n");
}

Values values_with(std::string_view token, std::optional<Value> end = std::nullopt) {
    Values values;
    values.set("life", Value(Scalar(Milliseconds(3'600'500))));
    values.set("count", Value(Scalar(std::int64_t{60})));
    values.set("token", secret(token));
    if (end) values.set("end", std::move(*end));
    return values;
}

Result<Token> token(std::string_view expires, Value end) {
    return token_of(expiring(expires), values_with("abc", std::move(end)), sent);
}

std::string why(std::string_view expires, Value end) {
    const auto made = token(expires, std::move(end));
    if (made) return "(none)";
    EXPECT_EQ(made.error().code(), Errc::bad_answer);
    return made.error().message();
}

TEST(Token, has_value_header_and_expiry) {
    const auto made = token_of(expiring("never"), values_with("abc"), sent);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->value.reveal(), "abc");
    EXPECT_EQ(made->header_name, "X-Token");
    EXPECT_EQ(made->header_value.reveal(), "T abc");
    EXPECT_EQ(made->expiry.source, ExpirySource::none);
    EXPECT_EQ(made->expiry.at, std::nullopt);
    EXPECT_EQ(made->expiry.lifetime, std::nullopt);
}

TEST(Token, fits_into_a_header) {
    for (const std::string& text :
         {std::string("a b"), std::string("a\nb"), std::string("a\x7f"), std::string("\xc3\xa4"),
          std::string(), std::string(64 * 1024 + 1, 'a')}) {
        EXPECT_FALSE(token_of(expiring("never"), values_with(text), sent)) << text.size();
    }
    EXPECT_TRUE(token_of(expiring("never"), values_with(std::string(64 * 1024, 'a')), sent));
    Values none = values_with("a");
    none.erase("token");
    EXPECT_FALSE(token_of(expiring("never"), none, sent));
}

TEST(Token, may_be_a_number) {
    Values values = values_with("");
    values.set("token", Value(Scalar(std::int64_t{12345}), true));
    EXPECT_EQ(token_of(expiring("never"), values, sent)->value.reveal(), "12345");
}

const std::string allowed_lifetimes = ": allowed are 1 second to a hundred years";
const std::string allowed_times = ": allowed are times to come, up to a hundred years from now";

TEST(Expiry, after_what_was_sent_is_requested) {
    const auto made = token_of(expiring("{ after: \"${life}\" }"), values_with("abc"), sent);
    EXPECT_EQ(made->expiry.source, ExpirySource::requested);
    EXPECT_EQ(made->expiry.lifetime, std::chrono::hours(1))
        << "as many whole seconds as were asked for";
    EXPECT_EQ(made->expiry.at, std::nullopt);
}

TEST(Expiry, after_what_was_not_sent_is_assumed) {
    const auto unsent =
        token_of(expiring("{ after: \"${life}\" }", "{}"), values_with("abc"), sent);
    EXPECT_EQ(unsent->expiry.source, ExpirySource::assumed);
    const auto literal = token_of(expiring("{ after: 30m }"), values_with("abc"), sent);
    EXPECT_EQ(literal->expiry.source, ExpirySource::assumed);
    EXPECT_EQ(literal->expiry.lifetime, std::chrono::minutes(30));
}

TEST(Expiry, after_a_number_is_in_seconds) {
    const auto made = token_of(expiring("{ after: \"${count}\" }"), values_with("abc"), sent);
    EXPECT_EQ(made->expiry.lifetime, std::chrono::seconds(60));
    EXPECT_EQ(made->expiry.source, ExpirySource::requested);
}

TEST(Expiry, in_a_number_or_a_text_is_stated) {
    const std::string_view in = "{ in: \"${end}\" }";
    for (const Value& value : {Value(Scalar(std::int64_t{90})), Value(Scalar(std::uint64_t{90})),
                               Value(Scalar(90.0)), Value::text("90")}) {
        const auto made = token(in, value);
        ASSERT_TRUE(made);
        EXPECT_EQ(made->expiry.lifetime, std::chrono::seconds(90));
        EXPECT_EQ(made->expiry.source, ExpirySource::stated);
    }
    EXPECT_EQ(token(in, Value(Scalar(90.25)))->expiry.lifetime, Milliseconds(90'250));
}

TEST(Expiry, in_a_default_of_ours_is_assumed) {
    const auto made =
        token("{ in: \"${end}\" }", Value(Scalar(Milliseconds(300'000)), false, true));
    EXPECT_EQ(made->expiry.lifetime, std::chrono::minutes(5));
    EXPECT_EQ(made->expiry.source, ExpirySource::assumed);
}

TEST(Expiry, of_a_default_that_is_a_duration_is_assumed_too) {
    for (const char* kind : {"{ in: \"${end}\" }", "{ at: \"${end}\" }"}) {
        for (const Value& value : {Value(Scalar(Secret("5m")), false, true),
                                   Value(Scalar(Milliseconds(300'000)), false, true)}) {
            const auto made = token(kind, value);
            ASSERT_TRUE(made) << kind;
            EXPECT_EQ(made->expiry.lifetime, std::chrono::minutes(5));
            EXPECT_EQ(made->expiry.source, ExpirySource::assumed);
        }
    }
}

TEST(Expiry, in_refuses_what_is_no_lifetime) {
    const std::string_view in = "{ in: \"${end}\" }";
    for (const Value& value :
         {Value::text(""), Value::text("soon"), Value::text("90s"), Value::text(" 90"),
          Value::text("9e1"), Value::text("nan"), Value::text("inf"), Value(Scalar(true))}) {
        EXPECT_EQ(why(in, value), "`end` is not a number of seconds");
    }
    for (const Value& value : {Value(Scalar(std::int64_t{0})), Value(Scalar(std::int64_t{-1})),
                               Value(Scalar(0.5)), Value::text("-60")}) {
        EXPECT_EQ(why(in, value),
                  "`end` says that the token lives for less than a second" + allowed_lifetimes);
    }
    for (const Value& value :
         {Value(Scalar(std::int64_t{INT64_MAX})), Value(Scalar(std::uint64_t{UINT64_MAX})),
          Value(Scalar(1e300)), Value(Scalar(std::int64_t{4'000'000'000}))}) {
        EXPECT_EQ(why(in, value), "`end` is more than a hundred years" + allowed_lifetimes);
    }
}

TEST(Expiry, at_a_time_is_stated) {
    const std::string_view at = "{ at: \"${end}\" }";
    EXPECT_EQ(token(at, Value::text(seconds_from_now(60)))->expiry.at,
              now + std::chrono::seconds(60));
    EXPECT_EQ(token(at, Value::text(seconds_from_now(60) + ".5"))->expiry.at,
              now + Milliseconds(60'500));
    EXPECT_EQ(token(at, Value(Scalar(1904659888.282587)))->expiry.at,
              WallTime(Milliseconds(1'904'659'888'282)));
    EXPECT_EQ(token(at, Value(Scalar(std::int64_t{1'904'659'888})))->expiry.at,
              WallTime(Milliseconds(1'904'659'888'000)));
    const auto made = token(at, Value::text("2027-01-15T10:00:01+01:00"));
    EXPECT_EQ(made->expiry.at, now + std::chrono::hours(1) + std::chrono::seconds(1));
    EXPECT_EQ(made->expiry.source, ExpirySource::stated);
    EXPECT_EQ(made->expiry.lifetime, std::nullopt);
}

TEST(Expiry, at_refuses_the_past_the_far_future_and_what_is_no_time) {
    const std::string_view at = "{ at: \"${end}\" }";
    EXPECT_EQ(why(at, Value::text(seconds_from_now(0))),
              "`end` says that the token has expired already" + allowed_times);
    EXPECT_EQ(why(at, Value(Scalar(std::int64_t{0}))),
              "`end` says that the token has expired already" + allowed_times);
    EXPECT_EQ(why(at, Value(Scalar(-1e300))),
              "`end` says that the token has expired already" + allowed_times);
    EXPECT_EQ(why(at, Value::text("9999-12-31T23:59:59Z")),
              "`end` is over a hundred years away" + allowed_times);
    EXPECT_EQ(why(at, Value(Scalar(std::int64_t{1'904'659'888'282}))),
              "`end` is over a hundred years away" + allowed_times)
        << "milliseconds";
    EXPECT_EQ(why(at, Value(Scalar(1e300))), "`end` is over a hundred years away" + allowed_times);
    EXPECT_EQ(why(at, Value::text("tomorrow")),
              "`end` is not a time: allowed are seconds since 1970 and RFC 3339");
    EXPECT_EQ(why(at, Value(Scalar(true))),
              "`end` is not a time: allowed are seconds since 1970 and RFC 3339");
}

std::string jwt_of(std::string_view claims) {
    std::string body = base64_encode(claims);
    std::ranges::replace(body, '+', '-');
    std::ranges::replace(body, '/', '_');
    std::erase(body, '=');
    return "e30." + body + ".c2ln";
}

Result<Token> from_jwt(std::string_view text) {
    return token_of(expiring("{ jwt: \"${token}\" }"), values_with(text), sent);
}

TEST(Expiry, of_a_jwt_is_its_exp) {
    const auto made = from_jwt(
        jwt_of("{\"sub\": \"\xc3\xbf\xc3\xbe?\", \"exp\": " + seconds_from_now(3600) + "}"));
    ASSERT_TRUE(made);
    EXPECT_EQ(made->expiry.at, now + std::chrono::hours(1));
    EXPECT_EQ(made->expiry.source, ExpirySource::stated);
}

TEST(Expiry, of_a_jwt_refuses_what_is_none) {
    EXPECT_EQ(from_jwt("opaque").error().message(),
              "the JWT in `token` has not the three parts of one");
    EXPECT_EQ(from_jwt("a.b").error().message(),
              "the JWT in `token` has not the three parts of one");
    EXPECT_EQ(from_jwt("a.!.c").error().message(), "the JWT in `token` can't be decoded");
    EXPECT_EQ(from_jwt("a..c").error().message(), "the JWT in `token` can't be decoded");
    EXPECT_EQ(from_jwt(jwt_of("[1]")).error().message(), "the JWT in `token` has no claim `exp`");
    EXPECT_EQ(from_jwt(jwt_of("{}")).error().message(), "the JWT in `token` has no claim `exp`");
    EXPECT_EQ(from_jwt(jwt_of(R"({"exp": "x"})")).error().message(),
              "the JWT in `token` has no claim `exp`");
    EXPECT_EQ(
        from_jwt(jwt_of(R"({"exp": 1})")).error().message(),
        "`exp` of the JWT in `token` says that the token has expired already" + allowed_times);
}

TEST(Expiry, of_a_value_that_was_not_taken_is_an_error) {
    EXPECT_FALSE(token_of(expiring("{ at: \"${end}\" }"), values_with("abc"), sent));
}

TEST(GivesToken, names_the_steps_that_start_the_clock) {
    const Recipe recipe = *Library::with_built_ins().find("oz-service-token");
    EXPECT_FALSE(gives_token(recipe, step_of(recipe.acquire, "login")));
    EXPECT_TRUE(gives_token(recipe, step_of(recipe.acquire, "service_token")));
}

TEST(Kept, comes_back_as_it_was) {
    const Recipe recipe = *Library::with_built_ins().find("oz");
    Values values;
    values.set("expire_token", secret("a\"b\\\n\xc3\xa4"));
    values.set("token", secret("not kept"));
    const Secret sealed = write_kept(recipe, values);
    EXPECT_EQ(sealed.reveal(), "{\"expire_token\":\"a\\\"b\\\\\\u000a\xc3\xa4\"}");
    const auto back = read_kept(recipe, sealed);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->all().size(), 1U);
    EXPECT_EQ(*back->find("expire_token"), *values.find("expire_token"));
}

TEST(Kept, is_empty_where_nothing_is_held) {
    const Recipe recipe = *Library::with_built_ins().find("oz");
    EXPECT_TRUE(write_kept(recipe, Values()).empty());
    EXPECT_TRUE(read_kept(recipe, Secret())->all().empty());
}

TEST(Kept, takes_only_what_the_recipe_names_now) {
    const Recipe recipe = *Library::with_built_ins().find("oz");
    EXPECT_TRUE(read_kept(recipe, Secret(R"({"other": "a", "expire_token": [1]})"))->all().empty());
    EXPECT_EQ(read_kept(recipe, Secret("[]")).error().code(), Errc::corrupt);
    EXPECT_EQ(read_kept(recipe, Secret("{")).error().code(), Errc::corrupt);
}

TEST(LaterValues, have_inputs_kept_values_and_the_token) {
    Values inputs;
    inputs.set("refresh_token", secret("first"));
    inputs.set("client_id", Value::text("me"));
    Values kept;
    kept.set("refresh_token", secret("second"));
    const Values values = later_values(inputs, kept, Secret("abc"));
    EXPECT_EQ(values.find("refresh_token")->as_text().reveal(), "second");
    EXPECT_EQ(values.find("client_id")->as_text().reveal(), "me");
    EXPECT_EQ(values.find("token")->as_text().reveal(), "abc");
    EXPECT_TRUE(values.find("token")->secret());
}

}  // namespace
}  // namespace tokenbroker::recipe
