#pragma once

#include "provision/provision.hpp"
#include "recipe/inputs.hpp"
#include "recipe/library.hpp"
#include "support/await.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_log.hpp"
#include "support/fake_transport.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokenbroker::provision {

// A recipe, an upstream that answers as a test says, and the reports of a run.
class RunFixture : public testing::Test {
protected:
    explicit RunFixture(const char* name) : recipe(recipe::Library::with_built_ins().find(name)) {}

    upstream::Target target() const {
        return {"tokenctl", recipe, "", std::make_shared<upstream::Endpoint>()};
    }
    OnStep remember() {
        return [this](const StepReport& report) {
            reports.push_back(report);
            interrupted = interrupted || report.step == interrupt_after;
        };
    }
    // "POST /api/v1/auth/login" of each request, in their order.
    std::vector<std::string> asked() const {
        std::vector<std::string> requests;
        for (const auto& request : transport.asked)
            requests.push_back(request.method + " " + request.target);
        return requests;
    }
    // All that a run told, to look for secrets in.
    std::string told() const {
        std::string text;
        for (const StepReport& report : reports) {
            text += report.step + report.request + report.shape + report.message;
            for (const auto& [name, value] : report.taken)
                text += name + value;
        }
        return text + log.text();
    }

    boost::asio::io_context loop;
    support::FakeClock clock{loop};
    support::FakeLog log;
    support::FakeTransport transport{clock};
    recipe::RecipeHandle recipe;
    std::vector<StepReport> reports;
    bool interrupted = false;
    std::string interrupt_after;  // a step
};

}  // namespace tokenbroker::provision
