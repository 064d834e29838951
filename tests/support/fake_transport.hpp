#pragma once

#include "async/clock.hpp"
#include "async/event.hpp"
#include "upstream/transport.hpp"

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tokenbroker::support {

// A transport without a network: answers as a test says, and remembers what was asked.
class FakeTransport final : public upstream::Transport {
public:
    struct Asked {
        std::string method;
        std::string target;
        std::string headers;  // "Name: value\n" each
        std::string body;
        std::string id;
        std::string host;
    };
    using Handler = std::function<upstream::Exchange(const Asked&)>;

    // `clock` outlives it.
    explicit FakeTransport(const async::Clock& clock) : clock_(&clock) {}

    // What the next requests get, in this order. Before `otherwise`.
    void next(upstream::Exchange answer) { next_.push_back(std::move(answer)); }
    void next(int status, std::string_view body) { next(answer(status, body)); }

    [[nodiscard]] upstream::Answer answer(int status, std::string_view body) const {
        upstream::Answer made;
        made.status = status;
        made.body = Secret(body);
        made.sent = clock_->now();
        return made;
    }
    // A fault; `sent`: after the request had left.
    [[nodiscard]] upstream::Failure fault(upstream::Phase phase, Error error, bool sent) const {
        upstream::Failure failed(phase, std::move(error));
        if (sent) failed.sent = clock_->now();
        return failed;
    }

    boost::asio::awaitable<upstream::Exchange> exchange(
        std::shared_ptr<const upstream::Endpoint> endpoint, upstream::Request request) override {
        Asked seen{request.method,
                   std::string(request.target.reveal()),
                   {},
                   request.body ? std::string(request.body->reveal()) : std::string(),
                   request.id,
                   endpoint ? endpoint->at.text() : std::string()};
        for (const upstream::Header& header : request.headers)
            seen.headers.append(header.name)
                .append(": ")
                .append(header.value.reveal())
                .append("\n");
        asked.push_back(seen);
        while (held_)
            co_await released_.wait();
        if (!next_.empty()) {
            upstream::Exchange given = std::move(next_.front());
            next_.pop_front();
            co_return given;
        }
        if (otherwise) co_return otherwise(asked.back());
        co_return fault(upstream::Phase::connect,
                        Error(Errc::connect_failed, "the test gave no answer"), false);
    }

    // From now on answers wait, until release().
    void hold() { held_ = true; }
    void release() {
        held_ = false;
        released_.notify_all();
    }

    std::vector<Asked> asked;
    Handler otherwise;

private:
    const async::Clock* clock_;
    std::deque<upstream::Exchange> next_;
    async::Event released_;
    bool held_ = false;
};

}  // namespace tokenbroker::support
