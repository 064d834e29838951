#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::broker {

// One token as it is served: immutable, rendered once, shared by all who answer with it.
// The answers are whole HTTP/1.1 answers but for their first lines: the connection writes the
// status line and `Date`, then these bytes: header lines, the empty line and the body.
struct Published {
    std::uint64_t generation = 0;
    WallTime issued_at;
    std::optional<WallTime> expires_at;  // what the answer says; none: it does not expire
    std::optional<BootTime>
        expires_at_boot;  // for a relative expiry; the earlier of the two counts

    std::string header_name;  // what a request to the upstream carries
    Secret header_value;

    Secret json_answer;            // Content-Type: application/json ... CRLF CRLF {...}
    std::size_t json_body_at = 0;  // where the body begins in json_answer
    Secret text_answer;            // Content-Type: text/plain ... CRLF CRLF token
    std::size_t text_body_at = 0;
    std::string json_etag;  // with its quotes: "\"1795305600\""
    std::string text_etag;  // "\"1795305600-text\""

    [[nodiscard]] std::string_view json_body() const {
        return json_answer.reveal().substr(json_body_at);
    }
    [[nodiscard]] std::string_view token() const {
        return text_answer.reveal().substr(text_body_at);
    }
    [[nodiscard]] bool expired(Moment now) const {
        return (expires_at && now.wall >= *expires_at) ||
               (expires_at_boot && now.boot >= *expires_at_boot) || now.wall < issued_at;
    }
    // How long it lives from now; `forever` where it does not expire.
    [[nodiscard]] Milliseconds left(Moment now) const {
        Milliseconds least = forever;
        if (expires_at) least = std::min(least, *expires_at - now.wall);
        if (expires_at_boot) least = std::min(least, *expires_at_boot - now.boot);
        return std::max(least, Milliseconds::zero());
    }
};
using PublishedToken = std::shared_ptr<const Published>;

}  // namespace tokenbroker::broker
