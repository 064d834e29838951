#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tokenbroker/result.hpp>
#include <tokenbroker/token.hpp>

// tokenbroker's client library, blocking form. Every call has a deadline and returns its errors as
// values.
//
//     tokenbroker::client::Client client;
//     auto token = client.get("rossum-prod");
//     if (!token) return fail(token.error().message);
//     request.set_header(token->header_name, token->header_value);
namespace tokenbroker::client {

// An answer of the API as it came.
struct Answer {
    int status = 0;
    std::string content_type;
    std::optional<std::chrono::seconds> retry_after;
    std::string body;
};

// One request to the API: for what has no function of its own here.
struct Request {
    Request(std::string verb, std::string path_and_query)
        : method(std::move(verb)), target(std::move(path_and_query)) {}

    std::string method;
    std::string target;  // beginning with '/', encoded
    std::string body;    // JSON; sent where it is not empty
    Milliseconds wait{
        0};  // how long the daemon may take before it answers, beyond Options::answer_timeout
};

// Holds no connection: cheap to make, and may be used by several threads at once.
class Client {
public:
    Client() : Client(Options()) {}
    explicit Client(Options options);

    // The account's token.
    [[nodiscard]] Result<Token> get(std::string_view account, GetOptions options = {}) const;
    // The upstream answered 401 to the token of this generation: the token that is good now, the
    // same or a new one.
    [[nodiscard]] Result<Token> rejected(std::string_view account, std::uint64_t generation,
                                         Milliseconds wait = Milliseconds(5'000)) const;

    // What the API says of all accounts that the caller may use, or of one: JSON, never with a
    // token.
    [[nodiscard]] Result<std::string> accounts() const;
    [[nodiscard]] Result<std::string> account(std::string_view name) const;

    // An answer of whatever status. An Error only where there was none.
    [[nodiscard]] Result<Answer> ask(const Request& request) const;

    [[nodiscard]] const Options& options() const noexcept { return options_; }

private:
    Options options_;
};

// The error that an answer with a status of 400 or more stands for.
Error to_error(const Answer& answer);
// A name as a segment of a request's path.
std::string encode_segment(std::string_view name);

// Follows one account's token over restarts of the daemon, for programs that live long. One thread
// calls next(), any thread current() and stop().
//
//     Watch watch(Client(), "rossum-prod");
//     std::jthread follow([&] { while (!watch.stopped()) (void)watch.next(); });
//     ... if (auto token = watch.current()) use(*token);
class Watch {
public:
    Watch(const Client& client, std::string account);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // Blocks until there is news: a new token, or why there is none. Reconnects by itself after any
    // error, and tells each only once; so an error is news, and not the end.
    [[nodiscard]] Result<Token> next();
    // The newest token, or null where none came yet, it has expired, or the daemon dropped it.
    [[nodiscard]] std::shared_ptr<const Token> current() const;
    // Makes next() return, now and later, with an Error of kind `failed`.
    void stop() noexcept;
    [[nodiscard]] bool stopped() const noexcept;

private:
    class State;
    std::unique_ptr<State> state_;
};

// Calls `on_news` with each thing that next() would tell, until it returns false.
void watch(const Client& client, std::string account,
           const std::function<bool(const Result<Token>&)>& on_news);

}  // namespace tokenbroker::client
