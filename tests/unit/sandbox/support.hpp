#pragma once

#include "sandbox/sandbox.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <string>

namespace tokenbroker::sandbox {

// A stand-in with a clock that a test moves.
struct Fixture {
    explicit Fixture(const Settings& settings = {}) : sandbox(settings, Accounts::defaults(), "") {}

    struct Told {
        int status = 0;
        std::string wire;
        boost::json::value body;
        [[nodiscard]] std::string header(const std::string& name) const {
            const auto at = wire.find("\r\n" + name + ": ");
            if (at == std::string::npos) return {};
            const auto start = at + name.size() + 4;
            return wire.substr(start, wire.find("\r\n", start) - start);
        }
        [[nodiscard]] std::string text(const char* name) const {
            return std::string(body.as_object().at(name).as_string());
        }
    };

    static Request request(const std::string& method, const std::string& target,
                           const std::string& body = "", const std::string& header = "",
                           const std::string& value = "") {
        Request made;
        made.method = method;
        const auto mark = target.find('?');
        made.path = target.substr(0, mark);
        if (mark != std::string::npos) made.query = target.substr(mark + 1);
        made.body = body;
        made.headers["host"] = "localhost:1";
        if (!body.empty() && !body.starts_with('{'))
            made.headers["content-type"] = "application/x-www-form-urlencoded";
        if (!header.empty()) made.headers[header] = value;
        return made;
    }
    Told ask(const Request& asked) {
        Told told;
        told.wire = sandbox.handle(asked, now).bytes;
        if (told.wire.size() > 12) told.status = std::stoi(told.wire.substr(9, 3));
        boost::system::error_code failure;
        told.body = boost::json::parse(told.wire.substr(told.wire.find("\r\n\r\n") + 4), failure);
        return told;
    }
    Told ask(const std::string& method, const std::string& target, const std::string& body = "",
             const std::string& header = "", const std::string& value = "") {
        return ask(request(method, target, body, header, value));
    }
    int behave(const std::string& wishes) {
        return ask("POST", "/sandbox/behaviour", wishes).status;
    }
    void pass(Milliseconds time) {
        now.wall += time;
        now.boot += time;
    }

    Sandbox sandbox;
    Moment now{WallTime(std::chrono::seconds(1795305600)), BootTime(std::chrono::seconds(1000))};
};

}  // namespace tokenbroker::sandbox
