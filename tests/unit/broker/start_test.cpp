// How accounts that start together take turns, and what they wait for before the first one goes.
#include "broker_fixture.hpp"

#include <vector>

namespace tokenbroker::broker {
namespace {

using namespace std::chrono_literals;

class StartTest : public BrokerTest {
protected:
    AccountSettings user(const std::string& name) const {
        AccountSettings made = account(name);
        made.inputs.set("username", recipe::Value::text("user-" + name));
        return made;
    }
    Settings users(const std::vector<std::string>& names, core::Budget budget) const {
        Settings made;
        for (const std::string& name : names)
            made.accounts.emplace(*AccountName::parse(name), user(name));
        made.realms["rossum"] = budget;
        return made;
    }
    // Whose logins the upstream saw, in order, from the `first` one on.
    [[nodiscard]] std::vector<std::string> order(std::size_t first) const {
        std::vector<std::string> names;
        for (std::size_t n = first; n < transport.asked.size(); ++n) {
            const std::string& body = transport.asked[n].body;
            const auto at = body.find("user-");
            const auto start = at == std::string::npos ? body.size() : at + 5;
            names.push_back(body.substr(start, body.find('"', start) - start));
        }
        return names;
    }
};

TEST_F(StartTest, accounts_without_a_token_log_in_before_those_whose_refresh_is_due) {
    start(users({"a1", "a2"}, {8, 30min}));
    pass(2s);
    ASSERT_EQ(logins(), 2U);
    stop();
    clock.advance(50min);  // both are due, and their logins have left the realm's window
    start(users({"a1", "a2", "z1", "z2", "z3", "z4", "z5", "z6", "z7", "z8"}, {8, 30min}));
    pass(20s);
    EXPECT_EQ(order(2), (std::vector<std::string>{"z1", "z2", "z3", "z4", "z5", "z6", "z7", "z8"}));
    EXPECT_EQ(token("a1"), "token-1");
}

TEST_F(StartTest, an_account_that_somebody_waits_for_goes_first) {
    process = std::make_unique<Process>(*this);
    auto started =
        call(process->broker.start(users({"a", "b", "c", "d", "e", "f", "g"}, {6, 30min})));
    until([&] { return started->reply.has_value(); });
    const auto caller = call(face("g")->get(0s, 5s));
    pass(5min);
    EXPECT_EQ(logins(), 0U) << "nothing is asked of an upstream before the API serves";
    const auto again = call(face("g")->get(0s, 5s));
    process->broker.begin();
    pass(20s);
    EXPECT_EQ(order(0), (std::vector<std::string>{"g", "a", "b", "c", "d", "e"}));
    EXPECT_EQ(token_of(*again->reply), "token-1");
}

TEST_F(StartTest, accounts_that_a_reload_adds_take_turns_by_need_too) {
    start(users({"a"}, {2, 30min}));
    ASSERT_EQ(logins(), 1U);
    Settings more = users({"a", "b", "c"}, {2, 30min});
    more.accounts.at(*AccountName::parse("b")).policy.on_demand = true;
    calls.spawn("apply", process->broker.apply(std::move(more)));
    pass(5s);
    EXPECT_EQ(order(1), (std::vector<std::string>{"c"}));
}

TEST_F(StartTest, one_whose_secret_is_missing_holds_nobody_up) {
    Settings two = users({"a", "b"}, {1, 30min});
    two.accounts.at(*AccountName::parse("a")).secrets.at("password").from =
        SecretFile{folder / "nowhere"};
    start(two);
    EXPECT_EQ(order(0), (std::vector<std::string>{"b"}));
}

}  // namespace
}  // namespace tokenbroker::broker
