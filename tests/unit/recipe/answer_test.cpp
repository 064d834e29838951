#include "recipe/answer.hpp"

#include "recipe_helpers.hpp"

namespace tokenbroker::recipe {
namespace {

using core::Verdict;

Step login_step() {
    Step step;
    step.name = "login";
    step.login = true;
    step.take.push_back({"token", *Pointer::parse("/key"), std::nullopt, false, true});
    return step;
}

Step other_step() {
    Step step = login_step();
    step.name = "exchange";
    step.login = false;
    return step;
}

Reading read(const Step& step, const Answer& given, const Answers& answers = {}) {
    return read_answer(step, given, Values(), answers, now);
}

TEST(Answer, is_ok_where_everything_was_taken) {
    const Reading reading = read(login_step(), answer(200, R"({"key": "abc", "domain": null})"));
    EXPECT_EQ(reading.verdict, Verdict::ok);
    EXPECT_EQ(taken(reading, "token"), "abc");
    EXPECT_TRUE(reading.taken.find("token")->secret());
    EXPECT_EQ(reading.cause, "");
}

TEST(Answer, of_any_2xx_is_ok) {
    for (const int status : {200, 201, 202, 299}) {
        EXPECT_EQ(read(login_step(), answer(status, R"({"key": "a"})")).verdict, Verdict::ok)
            << status;
    }
}

TEST(Answer, needs_no_body_where_nothing_is_taken) {
    Step step = other_step();
    step.take.clear();
    EXPECT_EQ(read(step, answer(204, "")).verdict, Verdict::ok);
    EXPECT_EQ(read(step, answer(200, "<html>")).verdict, Verdict::ok);
}

TEST(Answer, without_what_is_to_be_taken_is_unexpected) {
    const std::vector<std::pair<std::string, std::string>> bodies = {
        {"", "HTTP 200, but the body is empty, where a JSON object is needed"},
        {"{}", R"(HTTP 200, but the answer has no "/key", which `token` is taken from)"},
        {R"({"key": null})",
         R"(HTTP 200, but the answer has no "/key", which `token` is taken from)"},
        {R"({"key": ""})",
         R"(HTTP 200, but the answer has no "/key", which `token` is taken from)"},
        {R"({"key": {}})",
         R"(HTTP 200, but "/key" is an object, and `token` has to be text, a finite number, true or false)"},
        {R"({"key": [1]})",
         R"(HTTP 200, but "/key" is a list, and `token` has to be text, a finite number, true or false)"},
        {R"({"key": "a\r\nX-Other: b"})",
         R"(HTTP 200, but "/key" holds a control character, and `token` is to go into requests and answers)"},
        {R"({"key": 1e999})",
         R"(HTTP 200, but "/key" is a number, and `token` has to be text, a finite number, true or false)"},
        {R"(["key"])", "HTTP 200, but the body is a list, where a JSON object is needed"},
        {R"("key")", "HTTP 200, but the body is text, where a JSON object is needed"},
        {"null", "HTTP 200, but the body is null, where a JSON object is needed"},
    };
    for (const auto& [body, cause] : bodies) {
        const Reading reading = read(login_step(), answer(200, body));
        EXPECT_EQ(reading.verdict, Verdict::unexpected) << body;
        EXPECT_EQ(reading.cause, cause);
        EXPECT_TRUE(reading.taken.all().empty());
    }
    for (const char* body :
         {"<html>x</html>", "{\"key\": \"a\"", "{\"key\": \"a\"} x", "{\"key\": \"\xff\"}"}) {
        const Reading reading = read(login_step(), answer(200, body));
        EXPECT_EQ(reading.verdict, Verdict::unexpected) << body;
        EXPECT_EQ(reading.cause.rfind("HTTP 200, but the body is not valid JSON", 0), 0U)
            << reading.cause;
    }
}

TEST(Answer, that_is_too_large_or_too_deep_is_unexpected) {
    const std::string large = R"({"key": "a", "x": ")" + std::string(largest_answer, 'x') + "\"}";
    EXPECT_EQ(read(login_step(), answer(200, large)).cause,
              "HTTP 200, but the body is larger than 1024 KiB, where a JSON object is needed");
    const std::string deep =
        R"({"key": "a", "x": )" + std::string(40, '[') + std::string(40, ']') + "}";
    EXPECT_EQ(read(login_step(), answer(200, deep)).cause,
              "HTTP 200, but the body is JSON nested deeper than 32 levels, where a JSON object is "
              "needed");
}

TEST(Answer, by_default_means_what_the_specification_says) {
    struct Case {
        int status;
        std::string body;
        Verdict login;
        Verdict other;
    };
    const std::vector<Case> cases = {
        {401, "", Verdict::refused, Verdict::unexpected},
        {401, "<html>", Verdict::refused, Verdict::unexpected},
        {400, "{}", Verdict::refused, Verdict::unexpected},
        {403, R"({"detail": "no"})", Verdict::refused, Verdict::unexpected},
        {422, "{}", Verdict::refused, Verdict::unexpected},
        {400, "<html>", Verdict::unexpected, Verdict::unexpected},
        {403, "", Verdict::unexpected, Verdict::unexpected},
        {422, "[]", Verdict::unexpected, Verdict::unexpected},
        {404, "{}", Verdict::unexpected, Verdict::unexpected},
        {405, "{}", Verdict::unexpected, Verdict::unexpected},
        {408, "", Verdict::unavailable, Verdict::unavailable},
        {429, "", Verdict::throttled, Verdict::throttled},
        {500, "{}", Verdict::unavailable, Verdict::unavailable},
        {502, "<html>", Verdict::unavailable, Verdict::unavailable},
        {503, "", Verdict::unavailable, Verdict::unavailable},
        {599, "", Verdict::unavailable, Verdict::unavailable},
        {301, "", Verdict::unexpected, Verdict::unexpected},
        {302, "{}", Verdict::unexpected, Verdict::unexpected},
        {304, "", Verdict::unexpected, Verdict::unexpected},
        {100, "", Verdict::unexpected, Verdict::unexpected},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(read(login_step(), answer(c.status, c.body)).verdict, c.login)
            << c.status << c.body;
        EXPECT_EQ(read(other_step(), answer(c.status, c.body)).verdict, c.other)
            << c.status << c.body;
    }
}

TEST(Answer, of_503_with_retry_after_is_a_throttle) {
    Answer busy = answer(503, "");
    busy.retry_after = "120";
    const Reading reading = read(login_step(), busy);
    EXPECT_EQ(reading.verdict, Verdict::throttled);
    EXPECT_EQ(reading.retry_after, std::chrono::seconds(120));
}

TEST(Answer, that_redirects_says_where_to_but_not_with_what) {
    Answer redirect = answer(302, "");
    redirect.location = "https://elsewhere.example/login?token=abc";
    EXPECT_EQ(read(login_step(), redirect).cause,
              "HTTP 302, a redirect to https://elsewhere.example/login: redirects are not followed "
              "with credentials; check "
              "base_url and trailing slashes");
    redirect.location.reset();
    EXPECT_NE(read(login_step(), redirect).cause.find("HTTP 302, a redirect: "), std::string::npos);
}

Answers rules(std::string_view lines) {
    return parse_good(recipe_text("",
                                  "  - step: login\n    login: true\n    request: { method: GET, "
                                  "path: /a }\n    take: { token: /key }\n"
                                  "  - step: exchange\n    request: { method: GET, path: /b }\n",
                                  "answers:\n" + std::string(lines)))
        .answers;
}

TEST(Answers, match_by_status_ranges_and_steps) {
    const Answers answers =
        rules("  - { status: [ 400, 500-503 ], step: exchange, means: expired }\n");
    EXPECT_EQ(read(other_step(), answer(400, ""), answers).verdict, Verdict::expired);
    EXPECT_EQ(read(other_step(), answer(503, ""), answers).verdict, Verdict::expired);
    EXPECT_EQ(read(other_step(), answer(504, ""), answers).verdict, Verdict::unavailable);
    EXPECT_EQ(read(login_step(), answer(503, ""), answers).verdict, Verdict::unavailable);
}

TEST(Answers, let_the_first_match_win) {
    const Answers answers =
        rules("  - { status: 400, means: throttled }\n  - { status: 400, means: refused }\n");
    EXPECT_EQ(read(login_step(), answer(400, ""), answers).verdict, Verdict::throttled);
}

TEST(Answers, look_at_the_body) {
    const Answers answers =
        rules("  - { json: { /error/code: [ 6, seven ], /ok: false }, means: expired }\n");
    const auto verdict = [&](std::string_view body) {
        return read(login_step(), answer(200, body), answers).verdict;
    };
    EXPECT_EQ(verdict(R"({"error": {"code": 6}, "ok": false})"), Verdict::expired);
    EXPECT_EQ(verdict(R"({"error": {"code": "6"}, "ok": "false"})"), Verdict::expired);
    EXPECT_EQ(verdict(R"({"error": {"code": "seven"}, "ok": false})"), Verdict::expired);
    EXPECT_EQ(verdict(R"({"error": {"code": 6.0}, "ok": false})"), Verdict::expired);
    EXPECT_EQ(verdict(R"({"error": {"code": 6}, "ok": true})"), Verdict::unexpected);
    EXPECT_EQ(verdict(R"({"error": {"code": 5}, "ok": false})"), Verdict::unexpected);
    EXPECT_EQ(verdict(R"({"error": {"code": [6]}, "ok": false})"), Verdict::unexpected);
    EXPECT_EQ(verdict(R"({"error": 6, "ok": false})"), Verdict::unexpected);
    EXPECT_EQ(verdict(""), Verdict::unexpected);
    EXPECT_EQ(verdict(R"({"key": "a"})"), Verdict::ok);
}

TEST(Answers, say_what_they_went_by_where_the_upstream_has_no_other_words) {
    const Answers answers = rules("  - { json: { /problem: [ bad_login, 6 ] }, means: refused }\n");
    EXPECT_EQ(read(login_step(), answer(200, R"({"problem": "bad_login"})"), answers).cause,
              "HTTP 200, \"/problem\" is bad_login");
    const Reading told =
        read(login_step(), answer(200, R"({"problem": 6, "detail": "wrong"})"), answers);
    EXPECT_EQ(told.cause, "HTTP 200");
    EXPECT_EQ(told.upstream_text, "wrong");
}

TEST(Answers, look_at_whether_something_is_there) {
    const Answers answers = rules(
        "  - { json: { /errors/username: { given: true } }, means: throttled }\n"
        "  - { status: 400, json: { /errors: { given: false } }, means: expired }\n");
    const auto verdict = [&](int status, std::string_view body) {
        return read(login_step(), answer(status, body), answers).verdict;
    };
    EXPECT_EQ(verdict(401, R"({"errors": {"username": "wait 15 seconds"}})"), Verdict::throttled);
    EXPECT_EQ(verdict(401, R"({"errors": {"username": ["wait"]}})"), Verdict::throttled);
    EXPECT_EQ(verdict(401, R"({"errors": {"username": null}})"), Verdict::refused);
    EXPECT_EQ(verdict(401, R"({"errors": {"password": "wrong"}})"), Verdict::refused);
    EXPECT_EQ(verdict(400, R"({"errors": {"password": "wrong"}})"), Verdict::refused);
    EXPECT_EQ(verdict(400, "{}"), Verdict::expired);
    EXPECT_EQ(verdict(400, "<html>"), Verdict::expired);
}

TEST(Answers, that_mean_ok_still_need_what_is_taken) {
    const Answers answers = rules("  - { status: 404, means: ok }\n");
    EXPECT_EQ(read(login_step(), answer(404, R"({"key": "a"})"), answers).verdict, Verdict::ok);
    EXPECT_EQ(read(login_step(), answer(404, "{}"), answers).verdict, Verdict::unexpected);
}

TEST(Answers, may_tell_a_human_what_to_do) {
    const Answers answers = rules("  - { status: 400, means: refused, hint: give a new key }\n");
    EXPECT_EQ(read(login_step(), answer(400, ""), answers).cause, "HTTP 400, give a new key");
}

TEST(Take, uses_its_default_where_the_answer_is_silent) {
    Step step = login_step();
    step.take.push_back({"lifetime", *Pointer::parse("/expires_in"),
                         *Template::parse("${otherwise}"), false, false});
    Values values;
    values.set("otherwise", Value(Scalar(Milliseconds(300'000))));
    const Reading silent = read_answer(step, answer(200, R"({"key": "a"})"), values, {}, now);
    EXPECT_EQ(silent.verdict, Verdict::ok);
    EXPECT_EQ(*silent.taken.find("lifetime"), Value(Scalar(Milliseconds(300'000)), false, true));
    const Reading told =
        read_answer(step, answer(200, R"({"key": "a", "expires_in": 60})"), values, {}, now);
    EXPECT_EQ(*told.taken.find("lifetime"), Value(Scalar(std::int64_t{60})));
    EXPECT_EQ(read_answer(step, answer(200, R"({"key": "a"})"), Values(), {}, now).cause,
              "HTTP 200, but the answer has no \"/expires_in\", and its default needs a value that "
              "is not there");
}

TEST(Take, with_a_null_default_may_find_nothing) {
    Step step = login_step();
    step.take.push_back({"more", *Pointer::parse("/more"), std::nullopt, true, true});
    const Reading reading = read(step, answer(200, R"({"key": "a", "more": ""})"));
    EXPECT_EQ(reading.verdict, Verdict::ok);
    EXPECT_FALSE(reading.taken.has("more"));
}

TEST(Take, keeps_the_types_of_what_it_finds) {
    Step step = login_step();
    for (const char* name : {"int", "huge", "float", "truth"}) {
        step.take.push_back(
            {name, *Pointer::parse(std::string("/") + name), std::nullopt, false, false});
    }
    const Reading reading = read(
        step,
        answer(
            200,
            R"({"key": "a", "int": -3, "huge": 18446744073709551615, "float": 1904659888.282587, "truth": false})"));
    EXPECT_EQ(taken(reading, "int"), "-3");
    EXPECT_EQ(taken(reading, "huge"), "18446744073709551615");
    EXPECT_EQ(taken(reading, "float"), "1904659888.282587");
    EXPECT_EQ(taken(reading, "truth"), "false");
}

TEST(Answer, that_asks_to_wait_is_throttled_whatever_its_body_says_of_a_fault) {
    for (const char* means : {"unavailable", "unexpected"}) {
        const Answers answers =
            rules("  - { json: { /error: busy }, means: " + std::string(means) + " }\n");
        Answer busy = answer(429, R"({"error": "busy"})");
        EXPECT_EQ(read(login_step(), busy, answers).verdict, Verdict::throttled);
        busy.status = 503;
        EXPECT_NE(read(login_step(), busy, answers).verdict, Verdict::throttled);
        busy.retry_after = "30";
        EXPECT_EQ(read(login_step(), busy, answers).verdict, Verdict::throttled);
    }
    const Answers wrong = rules("  - { json: { /error: wrong }, means: refused }\n");
    EXPECT_EQ(read(login_step(), answer(429, R"({"error": "wrong"})"), wrong).verdict,
              Verdict::refused);
}

TEST(UpstreamText, is_found_where_apis_put_it) {
    const auto text = [](int status, std::string_view body) {
        return read(other_step(), answer(status, body)).upstream_text;
    };
    EXPECT_EQ(text(401, R"({"detail": "Invalid token."})"), "Invalid token.");
    EXPECT_EQ(
        text(401, R"({"error_code": 7, "error_message": "Session not found", "details": null})"),
        "Session not found (error_code 7)");
    EXPECT_EQ(text(400, R"({"error": "invalid_grant", "error_description": "gone"})"),
              "gone (error invalid_grant)");
    EXPECT_EQ(text(400, R"({"error": "invalid_grant"})"), "invalid_grant");
    EXPECT_EQ(text(400, R"({"error": {"message": "deep", "code": 5}})"), "deep");
    EXPECT_EQ(
        text(400, R"({"password": ["This field may not be blank."], "username": ["Taken."]})"),
        "password: This field may not be blank.; username: Taken.");
    EXPECT_EQ(text(401, R"({"errors": {"username": "Too many attempts!", "other": ["a", "b"]}})"),
              "username: Too many attempts!; other: a");
    EXPECT_EQ(text(200, R"({"errors": {"username": "Too many attempts!"}})"), "");
    EXPECT_EQ(text(502, "<h1>Bad\r\nGateway</h1>"), "<h1>Bad\r\nGateway</h1>");
    EXPECT_EQ(text(500, ""), "");
    EXPECT_EQ(text(500, "[1]"), "");
}

TEST(UpstreamText, of_a_successful_answer_shows_no_other_member) {
    EXPECT_EQ(read(login_step(), answer(200, R"({"access_token": "abc", "tokens": ["def"]})"))
                  .upstream_text,
              "");
    EXPECT_EQ(read(login_step(), answer(200, "abc")).upstream_text, "");
}

TEST(UpstreamText, is_whole_as_half_a_secret_could_not_be_masked) {
    const std::string longer(1000, 'x');
    EXPECT_EQ(read(other_step(), answer(400, R"({"detail": ")" + longer + "\"}")).upstream_text,
              longer);
    EXPECT_EQ(read(other_step(), answer(502, longer)).upstream_text, longer);
}

TEST(RetryAfter, is_seconds_or_a_date) {
    EXPECT_EQ(parse_retry_after("10", now), std::chrono::seconds(10));
    EXPECT_EQ(parse_retry_after(" 10 ", now), std::chrono::seconds(10));
    EXPECT_EQ(parse_retry_after(format_http_date(now + std::chrono::hours(1)), now),
              std::chrono::hours(1));
}

TEST(RetryAfter, says_nothing_where_it_makes_no_sense) {
    for (const std::string& text :
         {std::string(), std::string("0"), std::string("-5"), std::string("1.5"),
          std::string("soon"), std::string("0x10"), format_http_date(now),
          format_http_date(now - std::chrono::hours(1))}) {
        EXPECT_EQ(parse_retry_after(text, now), std::nullopt) << text;
    }
}

TEST(RetryAfter, does_not_overflow) {
    EXPECT_EQ(parse_retry_after("99999999999999999999999", now), forever);
    EXPECT_EQ(parse_retry_after("9223372036854775807", now), forever);
}

}  // namespace
}  // namespace tokenbroker::recipe
