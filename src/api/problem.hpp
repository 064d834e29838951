#pragma once

#include "api/answer.hpp"
#include "base/place.hpp"
#include "broker/face.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::api {

// application/problem+json (RFC 9457): what is told when a call comes to nothing. `detail` is one
// sentence for people; more members stand after it.
struct Problem {
    unsigned status;
    std::string_view name;  // of /problems/NAME
    std::string_view title;
    std::string detail;
    boost::json::object members;
    std::string headers;  // Allow, Retry-After; each with its CRLF

    [[nodiscard]] std::string json() const;
    [[nodiscard]] Answer answer() const;
};

[[nodiscard]] Problem bad_request(std::string detail);
[[nodiscard]] Problem access_denied(std::string_view account, std::uint32_t uid,
                                    std::string detail);
[[nodiscard]] Problem unknown_account(std::string_view account);
[[nodiscard]] Problem not_found();
[[nodiscard]] Problem method_not_allowed(std::string_view allowed);
[[nodiscard]] Problem request_timeout(std::string detail);
[[nodiscard]] Problem length_required();
[[nodiscard]] Problem content_too_large(std::size_t longest);
[[nodiscard]] Problem header_too_large(std::size_t longest);
[[nodiscard]] Problem misdirected(std::string_view host);
[[nodiscard]] Problem too_many_waiting(std::string_view account);
[[nodiscard]] Problem too_many_connections();
[[nodiscard]] Problem configuration(const std::vector<Mistake>& mistakes);

// What a call gets instead of a token while the daemon stops.
[[nodiscard]] broker::NoToken stopping();
// What a call that got no token is told.
[[nodiscard]] Problem no_token(const broker::NoToken& reply, const broker::AccountStatus& status);

}  // namespace tokenbroker::api
