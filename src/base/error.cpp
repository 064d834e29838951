#include "base/error.hpp"

#include <cerrno>
#include <cstring>

namespace tokenbroker {
namespace {

class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "tokenbroker"; }

    std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::invalid_input:
                return "invalid input";
            case Errc::not_found:
                return "not found";
            case Errc::access_denied:
                return "access denied";
            case Errc::io:
                return "input/output failed";
            case Errc::timeout:
                return "timed out";
            case Errc::cancelled:
                return "cancelled";
            case Errc::too_large:
                return "too large";
            case Errc::corrupt:
                return "stored data is damaged";
            case Errc::wrong_key:
                return "sealed under another key";
            case Errc::future_version:
                return "written by a newer version";
            case Errc::locked:
                return "held by somebody else";
            case Errc::unavailable:
                return "not available now";
            case Errc::resolve_failed:
                return "name resolution failed";
            case Errc::connect_failed:
                return "connecting failed";
            case Errc::tls_failed:
                return "TLS failed";
            case Errc::proxy_failed:
                return "the proxy failed";
            case Errc::connection_lost:
                return "connection lost";
            case Errc::bad_answer:
                return "unexpected answer";
            case Errc::misconfigured:
                return "misconfigured";
            case Errc::internal:
                return "internal error";
        }
        return "unknown error";
    }
};

}  // namespace

const boost::system::error_category& tokenbroker_category() noexcept {
    static const Category category;
    return category;
}

boost::system::error_code make_error_code(Errc code) noexcept {
    return {static_cast<int>(code), tokenbroker_category()};
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw ErrorException(error);
}

Error system_error(const std::string& what, int error_number) {
    Errc code = Errc::io;
    if (error_number == ENOENT) code = Errc::not_found;
    if (error_number == EACCES || error_number == EPERM) code = Errc::access_denied;
    const char* text = ::strerrordesc_np(error_number);
    const char* name = ::strerrorname_np(error_number);
    return {code,
            what + ": " + (text != nullptr ? text : "unknown error") + " (" +
                (name != nullptr ? name : std::to_string(error_number)) + ")",
            error_number};
}

}  // namespace tokenbroker
