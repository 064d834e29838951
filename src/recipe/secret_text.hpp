#pragma once

#include "base/secret.hpp"

#include <string_view>

namespace tokenbroker::recipe {

// Builds a text that may hold secrets, piece by piece, without leaving copies behind: memory that
// it outgrows is wiped.
class SecretText {
public:
    void append(std::string_view text);
    void append(char c) { append(std::string_view(&c, 1)); }

    // Encoded for the place that it is put in (base/encode.hpp has the same for what is no secret).
    void append_json_string(std::string_view text);  // with its quotes; `text` is UTF-8
    void append_percent_encoded(std::string_view text);
    void append_form_encoded(std::string_view text);
    void append_base64(std::string_view bytes);

    [[nodiscard]] std::string_view reveal() const noexcept {
        return buffer_.reveal().substr(0, size_);
    }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] Secret take() const { return Secret(reveal()); }

private:
    Secret buffer_;
    std::size_t size_ = 0;
};

// UTF-8 without surrogates and without overlong forms.
bool is_utf8(std::string_view text) noexcept;

}  // namespace tokenbroker::recipe
