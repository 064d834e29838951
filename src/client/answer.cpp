#include <algorithm>
#include <charconv>
#include <tokenbroker/detail/wire.hpp>

namespace tokenbroker::client::detail {

namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
    Number value = 0;
    if (text.empty() || text.front() == '-') return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return out;
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool has_no_body(int status) {
    return status == 204 || status == 304;
}

}  // namespace

AnswerReader::~AnswerReader() {
    wipe(unread_);
    wipe(answer_.body);
}

void AnswerReader::fail(const char* why) {
    state_ = State::broken;
    why_ = why;
}

AnswerReader::State AnswerReader::feed(std::string_view bytes) {
    if (state_ == State::complete || state_ == State::broken) return state_;
    unread_.append(bytes);
    if (state_ == State::head) read_lines();
    if (state_ == State::body) read_body();
    return state_;
}

AnswerReader::State AnswerReader::end() {
    if (state_ == State::body && framing_ == Framing::until_end) {
        state_ = State::complete;
    } else if (state_ != State::complete) {
        fail("it ended early");
    }
    return state_;
}

void AnswerReader::read_lines() {
    while (state_ == State::head) {
        const auto end = unread_.find("\r\n\r\n");
        if (std::min(end, unread_.size()) > max_head) return fail("its head is too large");
        if (end == std::string::npos) {
            constexpr std::string_view start = "HTTP/1.";
            const std::size_t seen = std::min(start.size(), unread_.size());
            if (unread_.compare(0, seen, start, 0, seen) != 0) fail("it is not HTTP");
            return;
        }
        const std::string head = unread_.substr(0, end + 2);
        unread_.erase(0, end + 4);
        read_head(head);
    }
}

void AnswerReader::read_head(std::string_view head) {
    const auto take_line = [&head] {
        const auto end = head.find("\r\n");
        const auto line = head.substr(0, end);
        head.remove_prefix(end + 2);
        return line;
    };
    const auto first = take_line();
    const unsigned status =
        first.size() >= 12 ? parse_number<unsigned>(first.substr(9, 3)).value_or(0) : 0;
    if (status < 100 || status > 599 || !first.starts_with("HTTP/1.") || first[8] != ' ') {
        return fail("it is not HTTP");
    }
    answer_ = Answer();
    answer_.status = static_cast<int>(status);
    framing_ = Framing::until_end;
    length_.reset();
    while (!head.empty()) {
        const auto line = take_line();
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0 || line.find_first_of(" \t") < colon) {
            return fail("its head is malformed");
        }
        read_field(lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
        if (state_ == State::broken) return;
    }
    if (answer_.status < 200) return;  // a provisional answer: the real one follows
    state_ = State::body;
    has_head_ = true;
    if (framing_ == Framing::chunked) length_.reset();
    if (has_no_body(answer_.status)) {
        framing_ = Framing::length;
        length_ = 0;
    }
}

void AnswerReader::read_field(std::string_view name, std::string_view value) {
    if (name == "content-length") {
        const auto length = parse_number<std::size_t>(value);
        if (!length || (length_ && *length_ != *length))
            return fail("its Content-Length is malformed");
        if (*length > max_body) return fail("it is too large");
        length_ = length;
        if (framing_ == Framing::until_end) framing_ = Framing::length;
    } else if (name == "transfer-encoding") {
        if (lower(value) != "chunked") return fail("its Transfer-Encoding is unknown");
        framing_ = Framing::chunked;
    } else if (name == "content-type") {
        answer_.content_type = lower(trim(value.substr(0, value.find(';'))));
    } else if (name == "retry-after") {
        if (const auto seconds = parse_number<std::uint32_t>(value))
            answer_.retry_after = std::chrono::seconds(*seconds);
    }
}

void AnswerReader::append_body(std::string_view bytes) {
    if (answer_.body.size() + bytes.size() > max_body) return fail("it is too large");
    answer_.body.append(bytes);
}

void AnswerReader::read_body() {
    switch (framing_) {
        case Framing::length: {
            const std::size_t taken = std::min(*length_, unread_.size());
            append_body(std::string_view(unread_).substr(0, taken));
            unread_.erase(0, taken);
            *length_ -= taken;
            if (*length_ == 0) state_ = State::complete;
            break;
        }
        case Framing::until_end:
            append_body(unread_);
            unread_.clear();
            break;
        case Framing::chunked:
            read_chunks();
            break;
    }
}

void AnswerReader::read_chunks() {
    while (state_ == State::body) {
        if (length_ && *length_ > 0) {
            const std::size_t taken = std::min(*length_, unread_.size());
            if (taken == 0) return;
            append_body(std::string_view(unread_).substr(0, taken));
            unread_.erase(0, taken);
            *length_ -= taken;
            continue;
        }
        const auto end = unread_.find("\r\n");
        if (std::min(end, unread_.size()) > max_head) return fail("its chunks are malformed");
        if (end == std::string::npos) return;
        const std::string line = unread_.substr(0, end);
        unread_.erase(0, end + 2);
        if (in_trailer_) {
            if (line.empty()) state_ = State::complete;
        } else if (length_) {  // the line's end after a chunk
            if (!line.empty()) return fail("its chunks are malformed");
            length_.reset();
        } else {
            length_ = parse_number<std::size_t>(
                trim(std::string_view(line).substr(0, line.find(';'))), 16);
            if (!length_ || *length_ > max_body) return fail("its chunks are malformed");
            if (*length_ == 0) in_trailer_ = true;
        }
    }
}

std::string AnswerReader::take_body() {
    std::string taken = std::move(answer_.body);
    answer_.body.clear();
    return taken;
}

Answer AnswerReader::take() {
    return std::move(answer_);
}

}  // namespace tokenbroker::client::detail
