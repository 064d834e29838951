#include "client/json.hpp"
#include "client/text.hpp"

#include <cstdlib>
#include <cstring>
#include <tokenbroker/detail/wire.hpp>
#include <tokenbroker/token.hpp>

namespace tokenbroker::client {

std::string default_socket() {
    const char* path = std::getenv("TOKENBROKER_SOCKET");
    return path != nullptr && *path != '\0' ? path : "/run/tokenbroker/tokenbroker.sock";
}

namespace {

// What may stand in a header: a value that ended the line would smuggle another header in.
bool fits_a_header(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) return false;
    }
    return !text.empty();
}

}  // namespace

namespace detail {

void wipe(std::string& text) noexcept {
    explicit_bzero(text.data(), text.capacity());
    text.clear();
}

Result<Token> parse_token(std::string_view json) {
    const auto broken = [] {
        return Error(ErrorKind::failed,
                     "the daemon's answer is not a token: is this socket tokenbroker's?");
    };
    const auto document = Json::parse(json);
    if (!document) return broken();

    const auto account = (*document)["account"].string();
    const auto value = (*document)["access_token"].string();
    const auto header_name = (*document)["header"]["name"].string();
    const auto header_value = (*document)["header"]["value"].string();
    const auto issued_at = parse_time((*document)["issued_at"].text());
    const auto generation = (*document)["generation"].whole();
    if (!account || !value || !header_name || !header_value || !issued_at || !generation)
        return broken();
    if (!fits_a_header(*value) || !fits_a_header(*header_name) || !fits_a_header(*header_value))
        return broken();

    Token token;
    token.account = *account;
    token.access_token = *value;
    token.token_type = (*document)["token_type"].text();
    token.header_name = *header_name;
    token.header_value = *header_value;
    token.issued_at = *issued_at;
    token.expiry_source = (*document)["expiry_source"].text();
    token.generation = *generation;
    token.json = json;
    if (const auto& expiry = (*document)["expires_at"]; !expiry.is_null()) {
        token.expires_at = parse_time(expiry.text());
        if (!token.expires_at) return broken();
    }
    return token;
}

Result<Token> read_token(const Answer& answer) {
    if (answer.status != 200) return to_error(answer);
    return parse_token(answer.body);
}

}  // namespace detail

}  // namespace tokenbroker::client
