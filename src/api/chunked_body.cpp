#include "api/request.hpp"

#include <algorithm>

namespace tokenbroker::api {
namespace {

// What a client may spend on chunk sizes, extensions and trailers: enough for a body in chunks of
// one byte.
constexpr std::size_t longest_framing = std::size_t{128} * 1024;
constexpr std::size_t most_digits = 8;

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_control(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

}  // namespace

std::size_t ChunkedBody::feed(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size() && state_ == State::more) {
        if (at_ == At::data && left_ > 0) {
            const std::size_t take = std::min(left_, bytes.size() - at);
            body_.append(bytes.substr(at, take));
            left_ -= take;
            at += take;
            if (left_ == 0) at_ = At::data_cr;
            continue;
        }
        step(bytes[at++]);
        if (++framing_ > longest_framing) state_ = State::too_large;
    }
    return at;
}

void ChunkedBody::step(char byte) {
    const auto expect = [this, byte](char wanted, At next) {
        if (byte == wanted) {
            at_ = next;
        } else {
            state_ = State::bad;
        }
    };
    switch (at_) {
        case At::size: {
            const int digit = hex_value(byte);
            if (digit >= 0 && digits_ < most_digits) {
                left_ = left_ * 16 + static_cast<std::size_t>(digit);
                ++digits_;
            } else if (digit >= 0 || digits_ == 0) {
                state_ = State::bad;
            } else if (byte == ';') {
                at_ = At::extension;
            } else {
                expect('\r', At::size_lf);
            }
            break;
        }
        case At::extension:
            if (byte == '\r') {
                at_ = At::size_lf;
            } else if (is_control(byte)) {
                state_ = State::bad;
            }
            break;
        case At::size_lf:
            expect('\n', left_ > 0 ? At::data : At::trailer);
            line_empty_ = true;
            if (left_ > longest_ - body_.size()) state_ = State::too_large;
            break;
        case At::data:
        case At::data_cr:
            expect('\r', At::data_lf);
            break;
        case At::data_lf:
            expect('\n', At::size);
            digits_ = 0;
            break;
        case At::trailer:
            if (byte == '\r') {
                at_ = line_empty_ ? At::last_lf : At::trailer_lf;
            } else if (is_control(byte)) {
                state_ = State::bad;
            }
            line_empty_ = false;
            break;
        case At::trailer_lf:
            expect('\n', At::trailer);
            line_empty_ = true;
            break;
        case At::last_lf:
            if (byte == '\n') {
                state_ = State::done;
            } else {
                state_ = State::bad;
            }
            break;
    }
}

}  // namespace tokenbroker::api
