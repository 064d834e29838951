#include "base/mask.hpp"

#include "base/encode.hpp"

#include <algorithm>
#include <cctype>

namespace tokenbroker {
namespace {

constexpr std::string_view masked = "***";
constexpr std::size_t short_secret = 4;

bool word_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool stands_alone(const std::string& text, std::size_t at, std::size_t size) {
    const bool left = at == 0 || !word_character(text[at - 1]);
    const bool right = at + size >= text.size() || !word_character(text[at + size]);
    return left && right;
}

void mask_one(std::string& text, std::string_view form) {
    if (form.empty()) return;
    std::size_t at = 0;
    while ((at = text.find(form, at)) != std::string::npos) {
        if (form.size() >= short_secret || stands_alone(text, at, form.size())) {
            text.replace(at, form.size(), masked);
            at += masked.size();
        } else {
            ++at;
        }
    }
}

// The same with '/' escaped and with every character beyond ASCII as \uXXXX, which other JSON
// writers do.
std::string json_inner(std::string_view secret) {
    const std::string quoted = json_quote(secret);
    return quoted.substr(1, quoted.size() - 2);
}

std::string with_escaped_slashes(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '/') out += '\\';
        out += c;
    }
    return out;
}

std::string lower_case_escapes(std::string text) {
    for (std::size_t i = 0; i + 2 < text.size(); ++i) {
        if (text[i] != '%') continue;
        text[i + 1] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[i + 1])));
        text[i + 2] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[i + 2])));
    }
    return text;
}

}  // namespace

std::string mask_secrets(std::string_view text, const std::vector<Secret>& secrets) {
    std::vector<std::string> forms;
    for (const Secret& secret : secrets) {
        if (secret.empty()) continue;
        const std::string_view plain = secret.reveal();
        forms.emplace_back(plain);
        forms.push_back(json_inner(plain));
        forms.push_back(with_escaped_slashes(json_inner(plain)));
        forms.push_back(percent_encode(plain));
        forms.push_back(lower_case_escapes(percent_encode(plain)));
        forms.push_back(form_encode(plain));
        forms.push_back(lower_case_escapes(form_encode(plain)));
        forms.push_back(base64_encode(plain));
    }
    // The longest first: a secret that holds another one must not be left in pieces.
    std::ranges::sort(forms, [](const auto& a, const auto& b) { return a.size() > b.size(); });
    std::string out(text);
    for (std::string& form : forms) {
        mask_one(out, form);
        wipe(form.data(), form.size());
    }
    return out;
}

std::string printable(std::string_view text, std::size_t longest) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
    if (out.size() <= longest) return out;
    constexpr std::string_view dots = "...";
    std::size_t keep = longest > dots.size() ? longest - dots.size() : 0;
    while (keep > 0 && (static_cast<unsigned char>(out[keep]) & 0xc0U) == 0x80U)
        --keep;
    return out.substr(0, keep) + std::string(dots).substr(0, longest);
}

}  // namespace tokenbroker
