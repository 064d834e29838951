#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace tokenbroker {

// What went wrong, as callers need to tell it apart. The words for people are in Error::message().
enum class Errc {
    invalid_input = 1,  // a value from outside does not parse or is out of range
    not_found,          // what was named is not there
    access_denied,      // the kernel or a rule of ours refused it
    io,                 // a file, socket or system call failed
    timeout,            // a deadline passed
    cancelled,          // the owner ended the task
    too_large,          // a size limit was reached
    corrupt,            // stored data is not what we wrote
    wrong_key,          // sealed under another key
    future_version,     // written by a newer program
    locked,             // somebody else holds it
    unavailable,        // can't be had now; later it may
    resolve_failed,     // name resolution failed
    connect_failed,     // no address answered
    tls_failed,         // handshake or certificate check failed
    proxy_failed,       // the CONNECT proxy refused or failed
    connection_lost,    // the connection broke after the request went out
    bad_answer,         // the upstream's answer is not HTTP or not what was expected
    misconfigured,      // a human has to mend the configuration
    internal,           // a bug of ours
};

const boost::system::error_category& tokenbroker_category() noexcept;
boost::system::error_code make_error_code(Errc code) noexcept;

// An error at a seam: a code to decide by, and one line that says what was being done, to what, and
// why it failed. The line never holds a secret.
class Error {
public:
    // What boost::system::result answers when a value is asked for its error.
    Error() : code_(Errc::internal), message_("no error") {}
    Error(Errc code, std::string message, int error_number = 0)
        : code_(code), message_(std::move(message)), error_number_(error_number) {}

    [[nodiscard]] Errc code() const noexcept { return code_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    // The errno of the system call that failed; 0 where none did.
    [[nodiscard]] int error_number() const noexcept { return error_number_; }

    // The same error with what was being done put before it: "reading the state key: ...".
    [[nodiscard]] Error during(const std::string& what) const {
        return {code_, what + ": " + message_, error_number_};
    }

private:
    Errc code_;
    std::string message_;
    int error_number_ = 0;
};

class ErrorException : public std::runtime_error {
public:
    explicit ErrorException(const Error& error)
        : std::runtime_error(error.message()), error_(error) {}
    [[nodiscard]] const Error& error() const noexcept { return error_; }

private:
    Error error_;
};

// What boost::system::result calls when value() is asked of an error.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

// "doing WHAT: No space left on device (ENOSPC)", for a failed system call.
Error system_error(const std::string& what, int error_number);

}  // namespace tokenbroker

template <>
struct boost::system::is_error_code_enum<tokenbroker::Errc> : std::true_type {};
