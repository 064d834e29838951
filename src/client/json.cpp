#include "client/json.hpp"

#include <algorithm>
#include <charconv>

namespace tokenbroker::client {

namespace {

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xC0 | (code >> 6));
    } else if (code < 0x10000) {
        put(0xE0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3F));
    } else {
        put(0xF0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3F));
        put(0x80 | ((code >> 6) & 0x3F));
    }
    put(0x80 | (code & 0x3F));
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

class JsonParser {
public:
    explicit JsonParser(std::string_view text) : rest_(text) {}

    bool document(Json& out) {
        if (!value(out, 0)) return false;
        skip_space();
        return rest_.empty();
    }

private:
    static constexpr int max_depth = 32;

    void skip_space() {
        const auto end = rest_.find_first_not_of(" \t\r\n");
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
    }

    bool take(char expected) {
        if (rest_.empty() || rest_.front() != expected) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool take_word(std::string_view word) {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    bool value(Json& out, int depth) {
        skip_space();
        if (rest_.empty() || depth > max_depth) return false;
        switch (rest_.front()) {
            case '{':
                return object(out, depth);
            case '[':
                return array(out, depth);
            case '"':
                out.type_ = Json::Type::string;
                return string(out.text_);
            case 't':
                return word(out, Json::Type::boolean, "true");
            case 'f':
                return word(out, Json::Type::boolean, "false");
            case 'n':
                return word(out, Json::Type::null, "null");
            default:
                return number(out);
        }
    }

    bool word(Json& out, Json::Type type, std::string_view text) {
        out.type_ = type;
        if (type == Json::Type::boolean) out.text_ = text;
        return take_word(text);
    }

    bool object(Json& out, int depth) {
        out.type_ = Json::Type::object;
        rest_.remove_prefix(1);
        skip_space();
        if (take('}')) return true;
        do {
            skip_space();
            auto& member = out.members_.emplace_back();
            if (rest_.empty() || rest_.front() != '"' || !string(member.first)) return false;
            skip_space();
            if (!take(':') || !value(member.second, depth + 1)) return false;
            skip_space();
        } while (take(','));
        return take('}');
    }

    bool array(Json& out, int depth) {
        out.type_ = Json::Type::array;
        rest_.remove_prefix(1);
        skip_space();
        if (take(']')) return true;
        do {
            if (!value(out.items_.emplace_back(), depth + 1)) return false;
            skip_space();
        } while (take(','));
        return take(']');
    }

    std::size_t digits(std::size_t at) const {
        while (at < rest_.size() && is_digit(rest_[at]))
            ++at;
        return at;
    }

    bool number(Json& out) {
        const auto digit_at = [this](std::size_t at) {
            return at < rest_.size() && is_digit(rest_[at]);
        };
        std::size_t at = rest_.front() == '-' ? 1 : 0;
        if (!digit_at(at)) return false;
        at = rest_[at] == '0' ? at + 1 : digits(at);
        if (at < rest_.size() && rest_[at] == '.') {
            if (!digit_at(at + 1)) return false;
            at = digits(at + 1);
        }
        if (at < rest_.size() && (rest_[at] == 'e' || rest_[at] == 'E')) {
            ++at;
            if (at < rest_.size() && (rest_[at] == '+' || rest_[at] == '-')) ++at;
            if (!digit_at(at)) return false;
            at = digits(at);
        }
        out.type_ = Json::Type::number;
        out.text_ = rest_.substr(0, at);
        rest_.remove_prefix(at);
        return true;
    }

    bool string(std::string& out) {
        rest_.remove_prefix(1);
        while (!rest_.empty()) {
            std::size_t plain = 0;
            while (plain < rest_.size() && rest_[plain] != '"' && rest_[plain] != '\\' &&
                   static_cast<unsigned char>(rest_[plain]) >= 0x20) {
                ++plain;
            }
            out.append(rest_.substr(0, plain));
            rest_.remove_prefix(plain);
            if (take('"')) return true;
            if (!take('\\') || !escape(out)) return false;
        }
        return false;
    }

    bool escape(std::string& out) {
        if (rest_.empty()) return false;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        constexpr std::string_view names = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (const auto at = names.find(c); at != std::string_view::npos) {
            out.push_back(meanings[at]);
            return true;
        }
        std::uint32_t code = 0;
        if (c != 'u' || !hex4(code)) return false;
        if (code >= 0xD800 && code < 0xDC00) {
            std::uint32_t low = 0;
            if (!take_word("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else if (code >= 0xDC00 && code <= 0xDFFF) {
            return false;
        }
        append_utf8(out, code);
        return true;
    }

    bool hex4(std::uint32_t& out) {
        if (rest_.size() < 4) return false;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, out, 16);
        if (error != std::errc() || end != rest_.data() + 4) return false;
        rest_.remove_prefix(4);
        return true;
    }

    std::string_view rest_;
};

std::optional<Json> Json::parse(std::string_view document) {
    Json value;
    if (!JsonParser(document).document(value)) return std::nullopt;
    return value;
}

const Json& Json::operator[](std::string_view name) const noexcept {
    static const Json null;
    const auto found = std::find_if(members_.rbegin(), members_.rend(),
                                    [name](const auto& member) { return member.first == name; });
    return found == members_.rend() ? null : found->second;
}

std::optional<std::string_view> Json::string() const noexcept {
    if (type_ != Type::string) return std::nullopt;
    return text_;
}

std::optional<std::uint64_t> Json::whole() const noexcept {
    if (type_ != Type::number) return std::nullopt;
    std::uint64_t value = 0;
    const char* last = text_.data() + text_.size();
    const auto [end, error] = std::from_chars(text_.data(), last, value);
    if (error != std::errc() || end != last) return std::nullopt;
    return value;
}

}  // namespace tokenbroker::client
