#include "broker/render.hpp"

#include "base/encode.hpp"
#include "core/token.hpp"

#include <initializer_list>
#include <numeric>
#include <string>
#include <utility>

namespace tokenbroker::broker {
namespace {

constexpr std::string_view common_headers = "Cache-Control: no-store\r\nVary: Accept\r\n";

// A JSON string made of a secret; wiped when it goes.
class QuotedSecret {
public:
    explicit QuotedSecret(const Secret& secret) : text_(json_quote(secret.reveal())) {}
    QuotedSecret(const QuotedSecret&) = delete;
    QuotedSecret& operator=(const QuotedSecret&) = delete;
    ~QuotedSecret() { wipe(text_.data(), text_.size()); }
    [[nodiscard]] std::string_view text() const { return text_; }

private:
    std::string text_;
};

// The pieces in a row, put together in memory for secrets and nowhere else.
Secret concatenate(std::initializer_list<std::string_view> pieces) {
    const std::size_t size =
        std::accumulate(pieces.begin(), pieces.end(), std::size_t{0},
                        [](std::size_t sum, std::string_view piece) { return sum + piece.size(); });
    Secret whole = Secret::of_size(size);
    char* out = whole.writable().data();
    for (const std::string_view piece : pieces)
        out = std::copy(piece.begin(), piece.end(), out);
    return whole;
}

std::string head(std::string_view content_type, const std::string& etag, std::size_t body_size) {
    std::string text = "Content-Type: ";
    text += content_type;
    text += "\r\nContent-Length: " + std::to_string(body_size) + "\r\nETag: " + etag + "\r\n";
    text += common_headers;
    text += "\r\n";
    return text;
}

bool is_bearer(const TokenParts& parts) {
    return parts.header_name == "Authorization" &&
           parts.header_value.reveal().substr(0, 7) == "Bearer ";
}

}  // namespace

PublishedToken render(const TokenParts& parts) {
    auto published = std::make_shared<Published>();
    published->generation = parts.generation;
    published->issued_at = parts.issued_at;
    published->expires_at = parts.expires_at;
    published->expires_at_boot = parts.expires_at_boot;
    if (parts.expires_at) {
        const Milliseconds early = core::untold(*parts.expires_at);
        *published->expires_at -= early;
        if (published->expires_at_boot) *published->expires_at_boot -= early;
    }

    published->header_name = parts.header_name;
    published->header_value = parts.header_value;

    const std::string generation = std::to_string(parts.generation);
    published->json_etag = "\"" + generation + "\"";
    published->text_etag = "\"" + generation + "-text\"";

    const std::string before_token =
        "{\"account\":" + json_quote(parts.account.text()) + ",\"access_token\":";
    const QuotedSecret token(parts.token);
    const std::string before_value =
        std::string(",\"token_type\":") + (is_bearer(parts) ? "\"Bearer\"" : "\"custom\"") +
        ",\"header\":{\"name\":" + json_quote(parts.header_name) + ",\"value\":";
    const QuotedSecret value(parts.header_value);
    std::string after_value = "},\"issued_at\":" + json_quote(format_rfc3339(parts.issued_at));
    if (parts.expires_at) {
        after_value += ",\"expires_at\":" + json_quote(format_rfc3339(*parts.expires_at));
    }
    after_value += ",\"expiry_source\":" + json_quote(parts.expiry_source) +
                   ",\"generation\":" + generation + "}";

    const std::size_t json_size = before_token.size() + token.text().size() + before_value.size() +
                                  value.text().size() + after_value.size();
    const std::string json_head = head("application/json", published->json_etag, json_size);
    published->json_body_at = json_head.size();
    published->json_answer = concatenate(
        {json_head, before_token, token.text(), before_value, value.text(), after_value});

    const std::string text_head =
        head("text/plain; charset=utf-8", published->text_etag, parts.token.size());
    published->text_body_at = text_head.size();
    published->text_answer = concatenate({text_head, parts.token.reveal()});
    return published;
}

}  // namespace tokenbroker::broker
