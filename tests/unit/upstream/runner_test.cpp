#include "runner_fixture.hpp"

namespace tokenbroker::upstream {
namespace {

using core::Verdict;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view login_key = R"({"key":"login-key-0123456789","domain":"x"})";
constexpr std::string_view long_key = R"({"key":"long-key-0123456789","domain":"x"})";

TEST_F(RunnerTest, logs_in_and_exchanges_and_gives_the_token) {
    transport_.next(200, login_key);
    transport_.next(200, long_key);
    const Moment now = clock_.now();
    const upstream::Run done = run(start());

    EXPECT_EQ(done.last.verdict, Verdict::ok);
    EXPECT_EQ(done.last.step, "exchange");
    ASSERT_TRUE(done.token);
    EXPECT_EQ(done.token->value.reveal(), "long-key-0123456789");
    EXPECT_EQ(done.token->header_name, "Authorization");
    EXPECT_EQ(done.token->header_value.reveal(), "Bearer long-key-0123456789");
    EXPECT_EQ(done.token->expiry.lifetime, std::chrono::hours(162));
    EXPECT_EQ(done.token_sent.boot, now.boot);
    ASSERT_TRUE(done.login_sent);
    EXPECT_EQ(done.login_sent->boot, now.boot);
    EXPECT_FALSE(done.resume);
    EXPECT_TRUE(done.kept.empty());

    ASSERT_EQ(transport_.asked.size(), 2U);
    EXPECT_EQ(transport_.asked[0].method, "POST");
    EXPECT_EQ(transport_.asked[0].target, "/api/v1/auth/login");
    EXPECT_THAT(transport_.asked[0].body, HasSubstr(R"("password":"pa55/word+1")"));
    EXPECT_EQ(transport_.asked[0].id, "a7-login");
    EXPECT_EQ(transport_.asked[0].host, "x.rossum.app:443");
    EXPECT_EQ(transport_.asked[1].id, "a7-exchange");
    EXPECT_THAT(transport_.asked[1].headers,
                HasSubstr("Authorization: Bearer login-key-0123456789\n"));
}

TEST_F(RunnerTest, puts_the_base_path_before_every_path) {
    target_.base_path = "/svc/gateway";
    transport_.next(200, login_key);
    transport_.next(200, long_key);
    run(start());
    EXPECT_EQ(transport_.asked[0].target, "/svc/gateway/api/v1/auth/login");
    EXPECT_EQ(transport_.asked[1].target, "/svc/gateway/api/v1/auth/token");
}

TEST_F(RunnerTest, leaves_out_a_step_whose_condition_does_not_hold) {
    inputs_.set("exchange", recipe::Value(recipe::Scalar(false)));
    transport_.next(200, login_key);
    const upstream::Run done = run(start());
    EXPECT_EQ(done.last.verdict, Verdict::ok);
    EXPECT_EQ(done.token->value.reveal(), "login-key-0123456789");
    EXPECT_EQ(transport_.asked.size(), 1U);
}

TEST_F(RunnerTest, counts_the_logins_ahead) {
    EXPECT_EQ(start().logins_ahead(*target_.recipe), 1U);
    transport_.next(200, login_key);
    transport_.next(500, "");
    const upstream::Run failed = run(start());
    ASSERT_TRUE(failed.resume);
    EXPECT_EQ(failed.resume->logins_ahead(*target_.recipe), 0U);
    EXPECT_TRUE(failed.resume->logged_in());
    EXPECT_EQ(Progress(Progress::Flow::revoke, inputs_).logins_ahead(*target_.recipe), 0U);
}

TEST_F(RunnerTest, goes_on_from_the_step_that_failed_without_another_login) {
    transport_.next(200, login_key);
    transport_.next(503, R"({"detail":"come back"})");
    upstream::Run failed = run(start());
    EXPECT_EQ(failed.last.verdict, Verdict::unavailable);
    EXPECT_EQ(failed.last.step, "exchange");
    EXPECT_TRUE(failed.last.optional);
    EXPECT_EQ(failed.last.status, 503);
    EXPECT_TRUE(failed.login_sent);
    EXPECT_FALSE(failed.token);
    ASSERT_TRUE(failed.resume);

    clock_.advance(minutes(5));
    transport_.next(200, long_key);
    const upstream::Run done = run(std::move(*failed.resume));
    EXPECT_EQ(done.last.verdict, Verdict::ok);
    EXPECT_EQ(done.token->value.reveal(), "long-key-0123456789");
    EXPECT_FALSE(done.login_sent) << "no login was spent this time";
    EXPECT_EQ(done.token_sent.boot, clock_.now().boot) << "the clock starts with the exchange";
    EXPECT_EQ(transport_.asked.size(), 3U);
    EXPECT_THAT(transport_.asked[2].headers, HasSubstr("login-key-0123456789"));
}

TEST_F(RunnerTest, serves_what_was_taken_when_an_optional_step_is_left_out) {
    const Moment login = clock_.now();
    transport_.next(200, login_key);
    transport_.next(404, "{}");
    upstream::Run failed = run(start());
    EXPECT_EQ(failed.last.verdict, Verdict::unexpected);
    ASSERT_TRUE(failed.resume);
    clock_.advance(minutes(5));
    failed.resume->skip_next();
    const upstream::Run done = run(std::move(*failed.resume));
    EXPECT_EQ(done.last.verdict, Verdict::ok);
    EXPECT_EQ(done.token->value.reveal(), "login-key-0123456789");
    EXPECT_EQ(done.token_sent.boot, login.boot) << "its clock started with the login";
    EXPECT_EQ(transport_.asked.size(), 2U);
}

TEST_F(RunnerTest, holds_nothing_when_the_login_fails) {
    const auto login = [this](Exchange answer) {
        transport_.next(std::move(answer));
        upstream::Run failed = run(start());
        EXPECT_EQ(failed.last.step, "login");
        EXPECT_FALSE(failed.last.optional);
        EXPECT_FALSE(failed.resume);
        EXPECT_FALSE(failed.token);
        return failed;
    };
    upstream::Run failed =
        login(transport_.answer(401, R"({"detail":"The username/password is invalid"})"));
    EXPECT_EQ(failed.last.verdict, Verdict::refused);
    EXPECT_EQ(failed.last.status, 401);
    EXPECT_TRUE(failed.login_sent);
    EXPECT_THAT(failed.last.message, HasSubstr("The username/password is invalid"));

    Answer throttled = transport_.answer(429, "");
    throttled.retry_after = "90";
    failed = login(throttled);
    EXPECT_EQ(failed.last.verdict, Verdict::throttled);
    EXPECT_EQ(failed.last.retry_after, seconds(90));

    EXPECT_EQ(login(transport_.answer(502, "<html>")).last.verdict, Verdict::unavailable);
    EXPECT_EQ(login(transport_.answer(200, "<html>")).last.verdict, Verdict::unexpected);
    EXPECT_EQ(login(transport_.answer(302, "")).last.verdict, Verdict::unexpected);
}

TEST_F(RunnerTest, tells_faults_before_the_request_left_from_those_after) {
    transport_.next(fault(Phase::connect, Errc::connect_failed, "connecting to x: refused", false));
    const upstream::Run before = run(start());
    EXPECT_EQ(before.last.verdict, Verdict::unavailable);
    EXPECT_FALSE(before.last.status);
    EXPECT_FALSE(before.last.sent);
    EXPECT_FALSE(before.login_sent);
    EXPECT_EQ(before.last.message, "connecting to x: refused");

    transport_.next(fault(Phase::receive, Errc::connection_lost, "the answer: reset", true));
    const upstream::Run after = run(start());
    EXPECT_EQ(after.last.verdict, Verdict::unavailable);
    EXPECT_TRUE(after.last.sent);
    EXPECT_TRUE(after.login_sent);
}

TEST_F(RunnerTest, tells_what_a_human_has_to_mend) {
    transport_.next(
        fault(Phase::prepare, Errc::misconfigured, "tls.ca_file /x can't be read", false));
    EXPECT_EQ(run(start()).last.verdict, Verdict::misconfigured);
    transport_.next(fault(Phase::receive, Errc::bad_answer, "it is not HTTP", true));
    EXPECT_EQ(run(start()).last.verdict, Verdict::unexpected);
    transport_.next(fault(Phase::receive, Errc::too_large, "its body is over 1048576 bytes", true));
    EXPECT_EQ(run(start()).last.verdict, Verdict::unexpected);
}

TEST_F(RunnerTest, sends_nothing_when_a_value_does_not_fit_its_place) {
    use(R"(
recipe: header
title: A header
inputs: { key: { required: true, secret: true } }
acquire:
  - step: login
    login: true
    request: { method: POST, path: /login, headers: { X-Key: "${key}" } }
    take: { token: /token }
token: { value: "${token}", header: { name: Authorization, value: "Bearer ${token}" }, expires: never }
)");
    inputs_.set("key", recipe::secret_input(Secret("top\r\nsecret")));
    const upstream::Run failed = run(start());
    EXPECT_EQ(failed.last.verdict, Verdict::misconfigured);
    EXPECT_EQ(failed.last.step, "login");
    EXPECT_FALSE(failed.login_sent);
    EXPECT_THAT(failed.last.message, Not(HasSubstr("secret")));
    EXPECT_TRUE(transport_.asked.empty());
}

TEST_F(RunnerTest, keeps_the_login_when_what_the_exchange_gave_is_no_token) {
    for (const std::string_view no_token :
         {R"({"key":""})", R"({"key":"two\nlines"})", R"({"key":"two words"})"}) {
        transport_.next(200, login_key);
        transport_.next(200, no_token);
        upstream::Run failed = run(start());
        EXPECT_EQ(failed.last.verdict, Verdict::unexpected) << no_token;
        EXPECT_EQ(failed.last.step, "exchange");
        EXPECT_TRUE(failed.last.optional);
        EXPECT_FALSE(failed.token);
        ASSERT_TRUE(failed.resume) << no_token;

        transport_.next(200, long_key);
        const upstream::Run done = run(std::move(*failed.resume));
        ASSERT_TRUE(done.token) << no_token;
        EXPECT_EQ(done.token->value.reveal(), "long-key-0123456789");
        EXPECT_FALSE(done.login_sent) << "no login was spent this time";
    }
}

TEST_F(RunnerTest, holds_nothing_when_the_login_itself_gave_no_token) {
    inputs_.set("exchange", recipe::Value(recipe::Scalar(false)));
    transport_.next(200, R"({"key":""})");
    const upstream::Run failed = run(start());
    EXPECT_EQ(failed.last.verdict, Verdict::unexpected);
    EXPECT_FALSE(failed.token);
    EXPECT_FALSE(failed.resume);
}

constexpr std::string_view pair_recipe = R"(
recipe: pair
title: A pair of tokens
inputs: { username: { required: true, identity: true }, password: { required: true, secret: true } }
acquire:
  - step: login
    login: true
    request: { method: POST, path: /login, json: { user: "${username}", password: "${password}" } }
    take: { admin: /admin }
  - step: issue
    request: { method: POST, path: /issue, headers: { X-Admin: "${admin}" } }
    take: { token: /token, renew: /renew, expires_in: { at: /expires_in, default: "60" } }
refresh:
  - step: renew
    request: { method: POST, path: /renew, json: { renew: "${renew}", old: "${token}" } }
    take: { token: /token, renew: /renew, expires_in: /expires_in }
keep: [ renew ]
token: { value: "${token}", header: { name: X-Token, value: "${token}" }, expires: { in: "${expires_in}" } }
answers:
  - { status: 401, step: issue, means: expired }
  - { status: 401, step: renew, means: refused }
)";

TEST_F(RunnerTest, drops_what_a_login_gave_when_it_is_good_no_more) {
    use(pair_recipe);
    for (const auto& [status, held] :
         {std::pair{401, false}, {404, true}, {500, true}, {429, true}}) {
        transport_.next(200, R"({"admin":"admin-token-1"})");
        transport_.next(status, "{}");
        const upstream::Run failed = run(start());
        EXPECT_EQ(failed.last.step, "issue");
        EXPECT_EQ(failed.resume.has_value(), held) << status;
        EXPECT_TRUE(failed.login_sent);
    }
}

TEST_F(RunnerTest, refreshes_with_what_was_kept) {
    use(pair_recipe);
    transport_.next(200, R"({"admin":"admin-token-1"})");
    transport_.next(200, R"({"token":"token-1-abc","renew":"renew-1-abc","expires_in":900})");
    const upstream::Run first = run(start());
    ASSERT_TRUE(first.token);
    ASSERT_FALSE(first.kept.empty());
    const auto kept = recipe::read_kept(*target_.recipe, first.kept);
    ASSERT_TRUE(kept);

    transport_.next(200, R"({"token":"token-2-abc","renew":"renew-2-abc","expires_in":900})");
    const upstream::Run second =
        run({Progress::Flow::refresh, recipe::later_values(inputs_, *kept, first.token->value)});
    ASSERT_TRUE(second.token);
    EXPECT_EQ(second.token->value.reveal(), "token-2-abc");
    EXPECT_EQ(second.token->expiry.lifetime, seconds(900));
    EXPECT_FALSE(second.login_sent);
    EXPECT_THAT(transport_.asked.back().body, HasSubstr(R"("renew":"renew-1-abc")"));
    EXPECT_THAT(transport_.asked.back().body, HasSubstr(R"("old":"token-1-abc")"));
    const auto kept_now = recipe::read_kept(*target_.recipe, second.kept);
    ASSERT_TRUE(kept_now && kept_now->find("renew") != nullptr);
    EXPECT_EQ(kept_now->find("renew")->as_text().reveal(), "renew-2-abc");

    transport_.next(401, "{}");
    const upstream::Run refused = run(
        {Progress::Flow::refresh, recipe::later_values(inputs_, *kept_now, second.token->value)});
    EXPECT_EQ(refused.last.verdict, Verdict::refused);
    EXPECT_FALSE(refused.resume);
    EXPECT_FALSE(refused.login_sent);
}

TEST_F(RunnerTest, probes_a_token_and_revokes_it) {
    transport_.next(200, R"({"id":1})");
    EXPECT_EQ(probe("long-key-0123456789").verdict, Verdict::ok);
    EXPECT_EQ(transport_.asked.back().method, "GET");
    EXPECT_EQ(transport_.asked.back().target, "/api/v1/auth/user");
    transport_.next(401, R"({"detail":"Invalid token."})");
    EXPECT_EQ(probe("long-key-0123456789").verdict, Verdict::expired);

    transport_.next(200, R"({"detail":"Successfully logged out."})");
    const upstream::Run revoked = run(
        {Progress::Flow::revoke, recipe::later_values(inputs_, {}, Secret("long-key-0123456789"))});
    EXPECT_EQ(revoked.last.verdict, Verdict::ok);
    EXPECT_FALSE(revoked.token);
    EXPECT_EQ(transport_.asked.back().target, "/api/v1/auth/logout");
}

TEST_F(RunnerTest, writes_one_line_for_each_step) {
    transport_.next(200, login_key);
    transport_.next(503, R"({"detail":"come back"})");
    run(start());
    ASSERT_EQ(log_.count("step_done"), 2U);
    EXPECT_EQ(log_.lines[0].level, LogLevel::info);
    EXPECT_EQ(log_.lines[0].text,
              "a step was done account=rossum-prod attempt=a7 step=login method=POST "
              "path=/api/v1/auth/login "
              "request_id=a7-login verdict=ok status=200 sent=true milliseconds=0");
    EXPECT_THAT(log_.lines[1].text,
                HasSubstr("a step was not done account=rossum-prod attempt=a7 step=exchange"));
    EXPECT_THAT(log_.lines[1].text, HasSubstr("verdict=unavailable status=503 sent=true"));
    EXPECT_THAT(log_.lines[1].text, HasSubstr("come back"));

    log_.lines.clear();
    transport_.next(200, "{}");
    probe("long-key-0123456789");
    EXPECT_EQ(log_.lines.front().level, LogLevel::debug) << "a good probe is no news";
}

}  // namespace
}  // namespace tokenbroker::upstream
