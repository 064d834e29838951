#pragma once

#include "broker/broker.hpp"
#include "recipe/library.hpp"
#include "state/key.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_log.hpp"
#include "support/fake_transport.hpp"
#include "support/faulty_files.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace tokenbroker::broker {

// A broker on real files in a folder of its own, with an upstream and a time that the test makes
// up.
class BrokerTest : public testing::Test {
protected:
    BrokerTest();
    ~BrokerTest() override;

    // The rooms below the broker, as a process has them. restart() makes new ones on the same
    // folder.
    struct Process {
        explicit Process(BrokerTest& test);
        support::FakeLog log;
        metrics::Registry metrics;
        async::Offload offload;
        upstream::Runner runner;
        state::TokenFiles tokens;
        state::LedgerFile file;
        DurableLedger ledger;
        Broker broker;
    };

    void start();
    void start(Settings wanted);
    void stop(Milliseconds patience = std::chrono::seconds(2));
    void restart() {
        stop();
        start();
    }
    // Runs the loop, workers included, until `done`; a second without it is a failure.
    void until(const std::function<bool()>& done);
    // Runs the loop until nothing is left to do at this instant, workers included.
    void settle();
    // Moves time on in small steps, so that what workers do comes in between.
    void pass(Milliseconds time);

    [[nodiscard]] AccountSettings account(const std::string& name = "a") const;
    [[nodiscard]] Settings settings() const;
    [[nodiscard]] std::shared_ptr<AccountFace> face(const std::string& name = "a") const;
    [[nodiscard]] std::string token(const std::string& name = "a") const;  // empty: none
    [[nodiscard]] std::size_t logins() const;

    // A call of an account; its reply once it has one.
    template <class T>
    struct Call {
        std::optional<T> reply;
    };
    template <class T>
    std::shared_ptr<Call<T>> call(boost::asio::awaitable<T> task) {
        auto made = std::make_shared<Call<T>>();
        calls.spawn("call", keep(std::move(task), made));
        return made;
    }
    template <class T>
    static boost::asio::awaitable<void> keep(boost::asio::awaitable<T> task,
                                             std::shared_ptr<Call<T>> into) {
        T reply = co_await std::move(task);
        into->reply.emplace(std::move(reply));
    }
    static state::StateKey key(char letter);
    static std::string token_of(const TokenReply& reply);
    static std::optional<Denial> denial_of(const TokenReply& reply);

    boost::asio::io_context loop{1};
    support::TempDir folder;
    support::FakeClock clock{loop};
    support::FaultyFiles files;
    support::FakeTransport transport{clock};
    recipe::Library recipes = recipe::Library::with_built_ins();
    async::Nursery calls{loop.get_executor()};
    std::string password_file = folder.write("password", "hunter22");
    state::StateKeys keys{key('a'), std::nullopt};
    Milliseconds lifetime = std::chrono::hours(1);
    unsigned issued = 0;
    std::unique_ptr<Process> process;
};

}  // namespace tokenbroker::broker
