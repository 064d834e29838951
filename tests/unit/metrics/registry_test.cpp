#include "metrics/registry.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <unistd.h>

namespace tokenbroker::metrics {
namespace {

using std::chrono::seconds;

AccountName name(const std::string& text) {
    return AccountName::parse(text).value();
}

struct RegistryTest : testing::Test {
    std::string everything() {
        now += seconds(1);
        return *registry.render(Scope::everything, now);
    }
    // The value of a series as it stands in the text; "" where there is none.
    std::string value(const std::string& series) {
        const std::string text = everything();
        const std::size_t at = text.find("\n" + series + " ");
        if (at == std::string::npos) return "";
        const std::size_t begin = at + series.size() + 2;
        return text.substr(begin, text.find('\n', begin) - begin);
    }

    Registry registry{BuildInfo{"1.2.3", "abcdef", "release"}};
    BootTime now{std::chrono::hours(1)};
};

TEST_F(RegistryTest, has_the_series_of_an_account_while_somebody_holds_it) {
    AccountHandle series = registry.account(name("a"));
    EXPECT_EQ(registry.account(name("a")), series);
    series->token_expiry = WallTime(seconds(1795867200));
    series->attempts(LoginOutcome::refused) = 3;
    EXPECT_EQ(value("tokenbroker_token_expiry_timestamp_seconds{account=\"a\"}"), "1795867200");
    EXPECT_EQ(value("tokenbroker_login_attempts_total{account=\"a\",outcome=\"refused\"}"), "3");
    EXPECT_EQ(value("tokenbroker_login_attempts_total{account=\"a\",outcome=\"ok\"}"), "0");
    series.reset();
    EXPECT_EQ(everything().find("account="), std::string::npos);
}

TEST_F(RegistryTest, leaves_out_what_has_no_value) {
    const AccountHandle series = registry.account(name("a"));
    EXPECT_EQ(everything().find("tokenbroker_token_expiry_timestamp_seconds"), std::string::npos);
    EXPECT_EQ(everything().find("tokenbroker_throttled_until_timestamp_seconds"),
              std::string::npos);
    EXPECT_EQ(everything().find("tokenbroker_login_last_error"), std::string::npos);
    EXPECT_EQ(value("tokenbroker_token_valid{account=\"a\"}"), "0");
}

TEST_F(RegistryTest, shows_every_account_value) {
    const AccountHandle series = registry.account(name("a.b_c-d"));
    series->next_attempt = WallTime(Milliseconds(1795867200500));
    series->throttled_until = WallTime(seconds(1795867300));
    series->login_budget_remaining = 4;
    series->token_valid = true;
    series->suspended = true;
    series->last_error = LoginOutcome::throttled;
    series->single_flight_followers = 5;
    series->rejections = 6;
    series->early_deaths = 7;
    series->seal_failures = 8;
    series->sink_failures = 9;
    series->token_requests[200] = 10;
    series->token_requests[503] = 11;
    series->handouts[1000] = 12;
    const std::string account = "{account=\"a.b_c-d\"}";
    EXPECT_EQ(value("tokenbroker_next_attempt_timestamp_seconds" + account), "1795867200.5");
    EXPECT_EQ(value("tokenbroker_throttled_until_timestamp_seconds" + account), "1795867300");
    EXPECT_EQ(value("tokenbroker_login_budget_remaining" + account), "4");
    EXPECT_EQ(value("tokenbroker_token_valid" + account), "1");
    EXPECT_EQ(value("tokenbroker_login_suspended" + account), "1");
    EXPECT_EQ(value("tokenbroker_single_flight_followers_total" + account), "5");
    EXPECT_EQ(value("tokenbroker_rejections_total" + account), "6");
    EXPECT_EQ(value("tokenbroker_early_deaths_total" + account), "7");
    EXPECT_EQ(value("tokenbroker_seal_failures_total" + account), "8");
    EXPECT_EQ(value("tokenbroker_sinks_failing" + account), "9");
    EXPECT_EQ(value("tokenbroker_login_last_error{account=\"a.b_c-d\",kind=\"throttled\"}"), "1");
    EXPECT_EQ(value("tokenbroker_token_requests_total{account=\"a.b_c-d\",code=\"200\"}"), "10");
    EXPECT_EQ(value("tokenbroker_token_requests_total{account=\"a.b_c-d\",code=\"503\"}"), "11");
    EXPECT_EQ(value("tokenbroker_handouts_total{account=\"a.b_c-d\",uid=\"1000\"}"), "12");
}

TEST_F(RegistryTest, counts_64_uids_apart_and_the_rest_together) {
    const AccountHandle series = registry.account(name("a"));
    for (std::uint32_t uid = 0; uid < 100; ++uid)
        ++series->handouts[uid];
    ++series->handouts[63];
    ++series->handouts[64];
    EXPECT_EQ(value("tokenbroker_handouts_total{account=\"a\",uid=\"63\"}"), "2");
    EXPECT_EQ(value("tokenbroker_handouts_total{account=\"a\",uid=\"64\"}"), "");
    EXPECT_EQ(value("tokenbroker_handouts_total{account=\"a\",uid=\"other\"}"), "37");
}

TEST_F(RegistryTest, process_scope_names_no_account) {
    const AccountHandle series = registry.account(name("a"));
    series->token_valid = true;
    const std::string text = *registry.render(Scope::process, now);
    EXPECT_EQ(text.find("account="), std::string::npos);
    EXPECT_NE(
        text.find(
            "tokenbroker_build_info{version=\"1.2.3\",commit=\"abcdef\",build=\"release\"} 1\n"),
        std::string::npos);
    EXPECT_NE(text.find("\nprocess_resident_memory_bytes "), std::string::npos);
    EXPECT_NE(text.find("\nprocess_cpu_seconds_total "), std::string::npos);
}

TEST_F(RegistryTest, renders_at_most_once_a_second) {
    int looked = 0;
    registry.before_render([&looked] { ++looked; });
    const auto first = registry.render(Scope::process, now);
    registry.process().connections = 5;
    EXPECT_EQ(registry.render(Scope::process, now + Milliseconds(999)), first);
    EXPECT_EQ(looked, 1);
    EXPECT_NE(*registry.render(Scope::process, now + Milliseconds(1000)), *first);
    EXPECT_EQ(looked, 2);
    EXPECT_NE(registry.render(Scope::everything, now), first) << "each scope has its own";
}

TEST_F(RegistryTest, histogram_counts_are_cumulative) {
    Histogram& durations = registry.process().request_duration;
    durations.add(std::chrono::microseconds(5));
    durations.add(std::chrono::microseconds(6));
    durations.add(std::chrono::milliseconds(700));
    durations.add(std::chrono::minutes(2));
    EXPECT_EQ(value("tokenbroker_request_duration_seconds_bucket{le=\"+Inf\"}"), "4");
    EXPECT_EQ(value("tokenbroker_request_duration_seconds_count"), "4");
    EXPECT_EQ(value("tokenbroker_request_duration_seconds_bucket{le=\"1\"}"), "3");
    EXPECT_EQ(value("tokenbroker_request_duration_seconds_bucket{le=\"0.5\"}"), "2");
    EXPECT_EQ(durations.counts().front(), 1U);
    EXPECT_EQ(durations.counts().at(1), 1U);
}

TEST_F(RegistryTest, text_is_what_promtool_finds_no_fault_with) {
    if (std::system("command -v promtool >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "needs promtool (package prometheus)";
    const AccountHandle series = registry.account(name("a"));
    series->token_expiry = series->next_attempt = series->throttled_until = WallTime(seconds(1));
    series->token_requests[200] = 1;
    series->handouts[0] = 1;
    const std::string path = "/tmp/tokenbroker-metrics-" + std::to_string(::getpid());
    std::ofstream(path) << everything();
    const int status = std::system(("promtool check metrics < " + path + " >&2").c_str());
    std::remove(path.c_str());
    EXPECT_EQ(status, 0);
}

TEST_F(RegistryTest, a_thousand_accounts_are_rendered_in_no_time) {
    std::vector<AccountHandle> held;
    for (int i = 0; i < 1000; ++i) {
        held.push_back(registry.account(name("account-" + std::to_string(i))));
        held.back()->token_expiry = WallTime(seconds(1795867200));
        held.back()->token_requests[200] = 1;
        held.back()->handouts[0] = 1;
    }
    const auto begin = std::chrono::steady_clock::now();
    const std::size_t size = everything().size();
    const auto took =
        std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
    RecordProperty("milliseconds", std::to_string(took.count()));
    EXPECT_GT(size, 1'000'000U);
    EXPECT_LT(took, seconds(5));
}

}  // namespace
}  // namespace tokenbroker::metrics
