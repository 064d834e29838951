#pragma once

#include "async/nursery.hpp"
#include "recipe/inputs.hpp"
#include "recipe/library.hpp"
#include "recipe/parse.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_log.hpp"
#include "support/fake_transport.hpp"
#include "upstream/runner.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tokenbroker::upstream {

inline boost::asio::awaitable<void> run_into(Runner& runner, Target target, Progress progress,
                                             std::string attempt, std::optional<Run>& into) {
    auto run = co_await runner.run(std::move(target), std::move(progress), std::move(attempt));
    into = std::move(run);
}
inline boost::asio::awaitable<void> probe_into(Runner& runner, Target target, recipe::Values values,
                                               std::optional<StepOutcome>& into) {
    auto outcome = co_await runner.probe(std::move(target), std::move(values), "probe-1");
    into = std::move(outcome);
}

// A runner over a transport without a network. The recipe is Rossum's unless a test has its own.
class RunnerTest : public testing::Test {
protected:
    RunnerTest() {
        target_.account = "rossum-prod";
        target_.recipe = recipe::Library::with_built_ins().find("rossum");
        target_.base_path = "";
        auto endpoint = std::make_shared<Endpoint>();
        endpoint->at = {"x.rossum.app", 443};
        target_.endpoint = endpoint;
        inputs_.set("username", recipe::Value::text("robot"));
        inputs_.set("password", recipe::secret_input(Secret("pa55/word+1")));
        inputs_ = recipe::with_defaults(target_.recipe->inputs, inputs_);
    }

    void use(std::string_view recipe) {
        document::Mistakes mistakes;
        auto parsed = recipe::parse_recipe(recipe, "test.yaml", mistakes);
        ASSERT_TRUE(parsed) << (mistakes.sorted().empty() ? std::string()
                                                          : mistakes.sorted().front().text());
        target_.recipe = std::make_shared<const recipe::Recipe>(std::move(*parsed));
        inputs_ = recipe::with_defaults(target_.recipe->inputs, inputs_);
    }
    Progress start() const { return {Progress::Flow::acquire, inputs_}; }

    upstream::Run run(Progress progress) {
        std::optional<upstream::Run> done;
        async::Nursery nursery(loop_.get_executor());
        nursery.spawn("run", run_into(runner_, target_, std::move(progress), "a7", done));
        clock_.settle();
        EXPECT_TRUE(done);
        return std::move(*done);
    }
    StepOutcome probe(std::string_view token) {
        std::optional<StepOutcome> done;
        async::Nursery nursery(loop_.get_executor());
        auto values = recipe::later_values(inputs_, {}, Secret(token));
        nursery.spawn("probe", probe_into(runner_, target_, std::move(values), done));
        clock_.settle();
        EXPECT_TRUE(done);
        return std::move(*done);
    }
    Failure fault(Phase phase, Errc code, std::string words, bool sent) const {
        return transport_.fault(phase, Error(code, std::move(words)), sent);
    }

    boost::asio::io_context loop_{1};
    support::FakeClock clock_{loop_};
    support::FakeLog log_;
    support::FakeTransport transport_{clock_};
    Runner runner_{transport_, clock_, log_};
    Target target_;
    recipe::Values inputs_;
};

}  // namespace tokenbroker::upstream
