#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

// Part of tokenbroker's client library: needs the standard library and POSIX only.
namespace tokenbroker::client {

// Why a call failed, as a program needs to tell it apart. The numbers are tokenctl's exit codes.
enum class ErrorKind {
    failed =
        1,  // anything else: an answer that is none, an error inside the daemon, a stopped call
    bad_request =
        2,  // the daemon does not take what was asked for (a min_ttl that no token can live)
    no_token =
        3,  // no token available now; retry_after says when to ask again, where that is known
    access_denied = 4,    // by the account's `allow`, or no permission for the socket
    unknown_account = 5,  // no such account is configured
    unreachable = 6,      // no daemon at the socket, or one that does not answer in time
};

struct Error {
    Error(ErrorKind why, std::string text) : kind(why), message(std::move(text)) {}

    ErrorKind kind;
    std::string message;  // one line: what happened. Never holds a token
    int status = 0;       // of the answer that said so; 0: there was none
    std::string problem;  // its name in the API ("token-unavailable"), or empty
    std::string body;     // its JSON as it came (RFC 9457), or empty
    std::optional<std::chrono::seconds> retry_after;
};

// A value or an Error. Reading the one that it does not hold throws std::bad_variant_access.
template <class T>
class [[nodiscard]] Result {
public:
    // An Error, for those who want a value before there is one (boost::asio::co_spawn).
    Result() : Result(Error(ErrorKind::failed, "there is no result yet")) {}
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& value() & { return std::get<0>(content_); }
    const T& value() const& { return std::get<0>(content_); }
    T&& value() && { return std::get<0>(std::move(content_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    [[nodiscard]] const Error& error() const& { return std::get<1>(content_); }
    [[nodiscard]] Error&& error() && { return std::get<1>(std::move(content_)); }

private:
    std::variant<T, Error> content_;
};

}  // namespace tokenbroker::client
