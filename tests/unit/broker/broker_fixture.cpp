#include "broker_fixture.hpp"

#include <algorithm>
#include <utility>

namespace tokenbroker::broker {
namespace {

namespace asio = boost::asio;

std::function<std::string(const Secret&)> under(const std::optional<state::StateKey>& key) {
    if (!key) return nullptr;
    return [key](const Secret& secret) { return state::fingerprint(*key, secret); };
}

Services services(asio::io_context& loop, support::FakeClock& clock, async::Offload& offload,
                  Logger& log, metrics::Registry& metrics, upstream::Runner& runner,
                  state::TokenFiles& tokens, DurableLedger& ledger, const state::StateKeys& keys) {
    return {loop.get_executor(),
            clock,
            offload,
            log,
            metrics,
            runner,
            tokens,
            ledger,
            [](const char*) { return std::optional<std::string>(); },
            under(keys.current),
            under(keys.previous),
            [] { return 0.5; },
            nullptr};
}

}  // namespace

BrokerTest::Process::Process(BrokerTest& test)
    : metrics(metrics::BuildInfo{"1", "2", "3"}),
      offload(test.loop, 1),
      runner(test.transport, test.clock, log),
      tokens(test.folder.path(), test.keys, offload, test.files),
      file(test.folder.path(), offload, test.files),
      ledger(core::Ledger("boot-1"), file, log),
      broker(services(test.loop, test.clock, offload, log, metrics, runner, tokens, ledger,
                      test.keys)) {}

state::StateKey BrokerTest::key(char letter) {
    return *state::parse_state_key(Secret(std::string(32, letter)));
}

BrokerTest::BrokerTest() {
    // A Rossum that gives token-1, token-2, ...
    transport.otherwise = [this](const support::FakeTransport::Asked& asked) -> upstream::Exchange {
        if (asked.target.ends_with("/auth/user")) return transport.answer(200, "{}");
        return transport.answer(200, "{\"key\":\"token-" + std::to_string(++issued) + "\"}");
    };
}

BrokerTest::~BrokerTest() {
    if (process) stop();
}

void BrokerTest::start() {
    start(settings());
}

void BrokerTest::start(Settings wanted) {
    process = std::make_unique<Process>(*this);
    auto started = call(process->broker.start(std::move(wanted)));
    until([&] { return started->reply.has_value(); });
    ASSERT_TRUE(started->reply->has_value()) << started->reply->error().message();
    process->broker.begin();
    settle();
}

void BrokerTest::stop(Milliseconds patience) {
    bool stopped = false;
    auto stopping = [](Broker& broker, Milliseconds time, bool& done) -> asio::awaitable<void> {
        co_await broker.stop(time);
        done = true;
    };
    async::Nursery ending(loop.get_executor());
    ending.spawn("stop", stopping(process->broker, patience, stopped));
    for (int i = 0; i < 100 && !stopped; ++i) {
        settle();
        if (!stopped) clock.advance(patience / 10 + Milliseconds(1));
    }
    EXPECT_TRUE(stopped);
    settle();
    EXPECT_TRUE(calls.empty()) << "a call still waits after the stop";
    process.reset();
    settle();
}

void BrokerTest::until(const std::function<bool()>& done) {
    for (int i = 0; i < 10'000 && !done(); ++i) {
        loop.restart();
        loop.run_one_for(std::chrono::seconds(1));
    }
    EXPECT_TRUE(done());
}

void BrokerTest::settle() {
    // One worker, in order: once this is done, so is all that was handed to it before.
    for (int round = 0; round < 4; ++round) {
        clock.settle();
        if (!process) return;
        auto marker = call(process->offload.run<bool>([] { return true; }));
        until([&] { return marker->reply.has_value(); });
    }
    clock.settle();
}

void BrokerTest::pass(Milliseconds time) {
    const BootTime end = clock.now().boot + time;
    settle();
    while (clock.earliest() < end) {
        clock.advance(std::max(clock.earliest() - clock.now().boot, Milliseconds(0)));
        settle();
    }
    clock.advance(end - clock.now().boot);
    settle();
}

AccountSettings BrokerTest::account(const std::string& name) const {
    AccountName parsed = *AccountName::parse(name);
    recipe::Values inputs;
    inputs.set("username", recipe::Value::text("api_user"));
    inputs.set("token_lifetime", recipe::Value(recipe::Scalar(lifetime)));
    inputs.set("exchange", recipe::Value(recipe::Scalar(false)));
    core::AccountSettings policy;
    policy.account = name;
    policy.realm = "rossum";
    policy.lifetime = lifetime;
    policy.has_probe = true;
    policy.has_revoke = true;
    state::Binding binding{parsed, "rossum", "https://upstream.test", {{"username", "api_user"}}};
    return {parsed,
            recipes.find("rossum"),
            "https://upstream.test",
            "",
            std::make_shared<upstream::Endpoint>(),
            std::move(inputs),
            {{"password", SecretSource{SecretFile{password_file}, {}}}},
            core::AllowList(),
            std::move(policy),
            std::move(binding),
            "settings-1"};
}

Settings BrokerTest::settings() const {
    Settings made;
    made.accounts.emplace(*AccountName::parse("a"), account());
    return made;
}

std::shared_ptr<AccountFace> BrokerTest::face(const std::string& name) const {
    return process->broker.find(name);
}

std::string BrokerTest::token(const std::string& name) const {
    const auto account = face(name);
    const PublishedToken current = account ? account->current() : nullptr;
    return current ? std::string(current->token()) : std::string();
}

std::size_t BrokerTest::logins() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        transport.asked, [](const auto& asked) { return asked.target.ends_with("/auth/login"); }));
}

std::string BrokerTest::token_of(const TokenReply& reply) {
    const auto* token = std::get_if<PublishedToken>(&reply);
    return token != nullptr && *token ? std::string((*token)->token()) : std::string();
}

std::optional<Denial> BrokerTest::denial_of(const TokenReply& reply) {
    const auto* none = std::get_if<NoToken>(&reply);
    return none != nullptr ? std::optional(none->why) : std::nullopt;
}

}  // namespace tokenbroker::broker
