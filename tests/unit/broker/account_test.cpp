#include "broker_fixture.hpp"
#include "support/temp_dir.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

namespace tokenbroker::broker {
namespace {

using namespace std::chrono_literals;

TEST_F(BrokerTest, logs_in_once_at_start_and_serves_the_token) {
    start();
    EXPECT_EQ(token(), "token-1");
    EXPECT_EQ(logins(), 1U);
    EXPECT_NE(transport.asked[0].body.find("hunter22"), std::string::npos);
}

TEST_F(BrokerTest, fifty_callers_share_one_login) {
    transport.hold();
    start();
    std::vector<std::shared_ptr<Call<TokenReply>>> callers;
    for (int i = 0; i < 50; ++i)
        callers.push_back(call(face()->get(0s, 5s)));
    settle();
    EXPECT_FALSE(callers.front()->reply);
    transport.release();
    settle();
    for (const auto& caller : callers) {
        ASSERT_TRUE(caller->reply);
        EXPECT_EQ(token_of(*caller->reply), "token-1");
    }
    EXPECT_EQ(logins(), 1U);
}

TEST_F(BrokerTest, fifty_callers_share_one_failure_and_are_told_when_the_next_try_is) {
    transport.hold();
    transport.next(500, "oops");
    start();
    std::vector<std::shared_ptr<Call<TokenReply>>> callers;
    for (int i = 0; i < 50; ++i)
        callers.push_back(call(face()->get(0s, 5s)));
    settle();
    transport.release();
    settle();
    for (const auto& caller : callers) {
        ASSERT_TRUE(caller->reply);
        EXPECT_EQ(denial_of(*caller->reply), Denial::unavailable);
        EXPECT_GE(std::get<NoToken>(*caller->reply).retry_after.value_or(0ms), 1s);
    }
    EXPECT_EQ(logins(), 1U);
}

TEST_F(BrokerTest, a_caller_that_leaves_ends_nothing) {
    transport.hold();
    start();
    const auto stays = call(face()->get(0s, 5s));
    async::Nursery leaver(loop.get_executor());
    leaver.spawn("leaver", keep(face()->get(0s, 5s), std::make_shared<Call<TokenReply>>()));
    settle();
    leaver.cancel();
    settle();
    EXPECT_TRUE(leaver.empty());
    transport.release();
    settle();
    EXPECT_EQ(token_of(*stays->reply), "token-1");
    EXPECT_EQ(logins(), 1U);
}

TEST_F(BrokerTest, a_call_waits_no_longer_than_it_said) {
    transport.hold();
    start();
    const auto caller = call(face()->get(0s, 3s));
    pass(2999ms);
    EXPECT_FALSE(caller->reply);
    pass(1ms);
    ASSERT_TRUE(caller->reply);
    EXPECT_EQ(denial_of(*caller->reply), Denial::unavailable);
    transport.release();
}

TEST_F(BrokerTest, refreshes_before_the_token_expires_and_never_serves_an_expired_one) {
    start();
    pass(46min);  // 80 % of an hour, less half of the jitter of 5 %
    EXPECT_EQ(token(), "token-1");
    pass(1min);
    EXPECT_EQ(token(), "token-2");
    EXPECT_EQ(logins(), 2U);
}

TEST_F(BrokerTest, the_old_token_is_served_until_its_expiry_while_refreshing_fails) {
    start();
    transport.otherwise = [this](const auto&) -> upstream::Exchange {
        return transport.answer(503, "down");
    };
    pass(59min);
    EXPECT_EQ(token(), "token-1");
    pass(1min);
    EXPECT_EQ(token(), "");
    EXPECT_EQ(face()->status().token_state, "expired");
}

TEST_F(BrokerTest, a_restart_costs_no_login) {
    start();
    restart();
    EXPECT_EQ(token(), "token-1");
    EXPECT_EQ(logins(), 1U);
}

TEST_F(BrokerTest, a_token_file_that_cannot_be_read_is_set_aside_before_another_takes_its_place) {
    start();
    stop();
    std::filesystem::rename(folder / "a.token", folder / "moved");
    std::filesystem::create_symlink(folder / "moved", folder / "a.token");
    start();
    pass(1s);  // no two attempts are closer
    EXPECT_EQ(token(), "token-2");
    EXPECT_EQ(process->log.count("token_file_set_aside"), 1U);
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "a.token.bad-unreadable-1"));
    restart();
    EXPECT_EQ(token(), "token-2");
    EXPECT_EQ(logins(), 2U);
}

TEST_F(BrokerTest, a_refused_password_suspends_after_one_login_and_stays_so_over_a_restart) {
    transport.next(401, "{\"detail\":\"no\"}");
    start();
    EXPECT_EQ(face()->status().login_state, "suspended");
    pass(10min);
    restart();
    pass(10min);
    EXPECT_EQ(logins(), 1U);
    EXPECT_EQ(face()->status().login_state, "suspended");
}

TEST_F(BrokerTest, another_state_key_lifts_no_suspension_and_a_new_password_does) {
    transport.next(401, "{\"detail\":\"no\"}");
    start();
    const WallTime refused = face()->status().last_error->at;
    pass(1h);
    stop();
    keys = {key('b'), key('a')};
    start();
    pass(10min);
    EXPECT_EQ(face()->status().login_state, "suspended");
    stop();
    keys = {key('b'), std::nullopt};  // the latch is under the new key by now
    start();
    pass(10min);
    EXPECT_EQ(face()->status().login_state, "suspended");
    EXPECT_EQ(face()->status().last_error->message, "HTTP 401: no");
    EXPECT_EQ(face()->status().last_error->at, refused);
    EXPECT_EQ(logins(), 1U);
    stop();
    keys = {key('c'), key('b')};
    folder.write("password", "another");
    start();
    EXPECT_EQ(token(), "token-1");
    EXPECT_EQ(logins(), 2U);
}

TEST_F(BrokerTest, a_sealed_token_moves_to_the_new_state_key_without_a_login) {
    start();
    for (const bool with_previous : {true, false}) {
        stop();
        keys = {key('b'), with_previous ? std::optional(key('a')) : std::nullopt};
        start();
        EXPECT_EQ(token(), "token-1");
        EXPECT_EQ(process->log.count("token_sealed_anew"), with_previous ? 1U : 0U);
    }
    EXPECT_EQ(logins(), 1U);
}

TEST_F(BrokerTest, another_configuration_lifts_a_suspension) {
    transport.next(401, "{\"detail\":\"no\"}");
    start();
    Settings other = settings();
    other.accounts.begin()->second.fingerprint = "settings-2";
    calls.spawn("apply", process->broker.apply(std::move(other)));
    pass(2s);
    EXPECT_EQ(token(), "token-1");
    EXPECT_EQ(logins(), 2U);
}

TEST_F(BrokerTest, a_call_waits_for_the_look_at_secrets_that_may_lift_a_suspension) {
    transport.next(401, "{\"detail\":\"no\"}");
    start();
    // At a start: it comes before the password was read again.
    stop();
    folder.write("password", "another");
    transport.next(401, "{\"detail\":\"no\"}");
    process = std::make_unique<Process>(*this);
    auto started = call(process->broker.start(settings()));
    until([&] { return face() != nullptr; });
    const auto early = call(face()->get(0ms, 10s));
    until([&] { return started->reply.has_value(); });
    EXPECT_FALSE(early->reply);
    process->broker.begin();
    pass(2s);
    EXPECT_EQ(logins(), 2U);
    ASSERT_TRUE(early->reply);
    EXPECT_EQ(denial_of(*early->reply), Denial::unavailable);
    // At a reload: it comes before the password that it names was read.
    folder.write("password", "a third");
    Settings other = settings();
    other.accounts.begin()->second.fingerprint = "settings-2";
    calls.spawn("apply", process->broker.apply(std::move(other)));
    const auto late = call(face()->get(0ms, 10s));
    pass(2s);
    ASSERT_TRUE(late->reply);
    EXPECT_EQ(token_of(*late->reply), "token-1");
}

TEST_F(BrokerTest, an_unreadable_secret_spends_no_login_and_says_which_input) {
    password_file = folder / "nowhere";
    start();
    EXPECT_EQ(logins(), 0U);
    const AccountStatus status = face()->status();
    EXPECT_EQ(status.login_state, "suspended");
    ASSERT_TRUE(status.last_error);
    EXPECT_EQ(status.last_error->kind, "misconfigured");
    EXPECT_NE(status.last_error->message.find("password"), std::string::npos);
}

TEST_F(BrokerTest, a_secret_command_is_run_for_each_login_and_every_five_minutes_while_suspended) {
    const std::string runs = folder.write("runs", "");
    const std::string script =
        folder.write("command", "echo run >> " + runs + "; cat " + password_file, 0700);
    const auto count = [&runs] {
        const std::string all = support::read_file(runs);
        return std::count(all.begin(), all.end(), '\n');
    };
    Settings with_command = settings();
    with_command.accounts.begin()->second.secrets["password"] =
        SecretSource{SecretCommand{{"/bin/sh", script}}, {}};
    start(with_command);
    EXPECT_EQ(count(), 1);
    stop();
    start(with_command);
    EXPECT_EQ(count(), 1) << "nothing is to be logged in with";
    transport.next(401, "{\"detail\":\"no\"}");
    pass(50min);  // the refresh
    ASSERT_EQ(face()->status().login_state, "suspended");
    const auto after = count();
    EXPECT_EQ(logins(), 2U);
    pass(10min);
    EXPECT_GE(count(), after + 2);
    EXPECT_LE(count(), after + 3);
    EXPECT_EQ(face()->status().login_state, "suspended");
    folder.write("password", "another");
    pass(5min + 1s);
    EXPECT_EQ(face()->status().login_state, "idle");
    EXPECT_EQ(logins(), 3U);
}

TEST_F(BrokerTest, two_tokens_in_a_row_that_die_early_are_counted_and_warned_of) {
    start();
    const auto series = process->metrics.account(*AccountName::parse("a"));
    for (unsigned death = 1; death <= 2; ++death) {
        pass(5min);
        transport.next(401, "{}");
        const auto reply = call(face()->rejected(face()->current()->generation, 5s));
        pass(2s);
        EXPECT_EQ(token(), "token-" + std::to_string(death + 1));
        EXPECT_EQ(series->early_deaths, death - 1) << "one may be chance";
    }
    EXPECT_EQ(process->log.count("token_died_early"), 1U);
    EXPECT_EQ(logins(), 3U);
}

TEST_F(BrokerTest, a_ledger_that_cannot_be_written_means_no_login) {
    lifetime = 10min;
    start();
    files.fail(1, ENOSPC, true);
    pass(9min);
    EXPECT_EQ(logins(), 1U);
    EXPECT_EQ(token(), "token-1");
    files.heal();
    pass(1min);
    EXPECT_EQ(logins(), 2U);
}

TEST_F(BrokerTest, a_token_that_cannot_be_sealed_is_served_and_sealed_later) {
    start();
    restart();
    files.fail(1, ENOSPC, false);
    const auto refreshed = call(face()->refresh(5s));
    settle();
    files.heal();
    pass(2min);
    const std::string now = token();
    restart();
    EXPECT_EQ(token(), now);
}

TEST_F(BrokerTest, a_rejected_token_that_the_upstream_still_takes_stays) {
    start();
    pass(5min);
    const auto reply = call(face()->rejected(face()->current()->generation, 5s));
    settle();
    EXPECT_EQ(token_of(*reply->reply), "token-1");
    EXPECT_EQ(logins(), 1U);
}

TEST_F(BrokerTest, a_rejected_token_that_the_upstream_refuses_too_is_replaced_for_all_callers) {
    start();
    pass(5min);
    transport.next(401, "{}");
    const std::uint64_t generation = face()->current()->generation;
    std::vector<std::shared_ptr<Call<TokenReply>>> callers;
    for (int i = 0; i < 50; ++i)
        callers.push_back(call(face()->rejected(generation, 5s)));
    settle();
    for (const auto& caller : callers)
        EXPECT_EQ(token_of(*caller->reply), "token-2");
    EXPECT_EQ(logins(), 2U);
}

TEST_F(BrokerTest, a_rejected_generation_that_never_was_is_the_callers_mistake) {
    start();
    const auto reply = call(face()->rejected(face()->current()->generation + 1, 5s));
    settle();
    EXPECT_EQ(denial_of(*reply->reply), Denial::unknown_generation);
}

TEST_F(BrokerTest, waiting_calls_end_at_a_stop_and_the_login_under_way_is_not_lost) {
    transport.hold();
    start();
    const auto caller = call(face()->get(0s, 60s));
    settle();
    async::Nursery ending(loop.get_executor());
    ending.spawn("stop", process->broker.stop(2s));
    settle();
    EXPECT_EQ(denial_of(*caller->reply), Denial::stopping);
    transport.release();
    settle();
    EXPECT_TRUE(ending.empty());
    process.reset();
    start();
    EXPECT_EQ(token(), "token-1");
    EXPECT_EQ(logins(), 1U);
}

TEST_F(BrokerTest, no_secret_is_in_any_log_line_or_file) {
    transport.next(500, "{\"detail\":\"hunter22 is what you sent\"}");
    start();
    pass(2min);
    ASSERT_EQ(token(), "token-1");
    folder.write("password", "gone");
    const std::string everything = process->log.text() + support::read_tree(folder.path());
    EXPECT_EQ(everything.find("hunter22"), std::string::npos);
    EXPECT_EQ(everything.find("token-1"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::broker
