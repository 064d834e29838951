#include "api/outbox.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <utility>

namespace tokenbroker::api {
namespace {

constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
// send() of one piece costs less than sendmsg() of some, even when these are copied before.
constexpr std::size_t most_packed = 1024;

// Bytes taken by the socket; -1: none now; -2: never again.
template <class Call>
ssize_t until_uninterrupted(Call call) noexcept {
    while (true) {
        const ssize_t sent = call();
        if (sent >= 0) return sent;
        if (errno == EINTR) continue;
        // ENOBUFS is what a Unix socket says when the kernel is short of memory: it passes.
        return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ? -1 : -2;
    }
}

ssize_t send_packed(int socket, const iovec* pieces, std::size_t count, std::size_t size) noexcept {
    std::array<char, most_packed> packed;
    char* end = packed.data();
    for (std::size_t i = 0; i < count; ++i)
        end = std::copy_n(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len, end);
    const ssize_t sent =
        until_uninterrupted([&] { return ::send(socket, packed.data(), size, flags); });
    ::explicit_bzero(packed.data(), size);  // it may hold a token
    return sent;
}

ssize_t send_pieces(int socket, iovec* pieces, std::size_t count) noexcept {
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i)
        size += pieces[i].iov_len;
    if (size <= most_packed) return send_packed(socket, pieces, count, size);
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    return until_uninterrupted([&] { return ::sendmsg(socket, &message, flags); });
}

// sendmsg() only reads, but iovec is shared with readers.
iovec piece_of(std::string_view bytes) noexcept {
    return {const_cast<char*>(bytes.data()),
            bytes.size()};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

}  // namespace

void Backlog::add(std::string_view bytes, Owner owner) {
    if (bytes.empty()) return;
    if (!owner) {
        auto copy = std::make_shared<const std::string>(bytes);
        bytes = *copy;
        owner = std::move(copy);
    }
    pieces_.push_back({bytes, std::move(owner)});
}

Sent Backlog::send(int socket) {
    constexpr std::size_t at_once = 32;
    while (!empty()) {
        std::array<iovec, at_once> pieces;
        const std::size_t count = std::min(at_once, pieces_.size() - first_);
        for (std::size_t i = 0; i < count; ++i)
            pieces.at(i) = piece_of(pieces_[first_ + i].bytes);
        ssize_t sent = send_pieces(socket, pieces.data(), count);
        if (sent == -2) return Sent::failed;
        if (sent == -1) return Sent::some;
        auto left = static_cast<std::size_t>(sent);
        while (left > 0) {
            Piece& piece = pieces_[first_];
            const std::size_t taken = std::min(left, piece.bytes.size());
            piece.bytes.remove_prefix(taken);
            left -= taken;
            if (piece.bytes.empty()) pieces_[first_++].owner.reset();
        }
    }
    pieces_ = {};
    first_ = 0;
    return Sent::all;
}

void Outbox::add(std::string_view bytes, Owner owner) {
    assert(count_ < most);
    pieces_[count_] = piece_of(bytes);
    owners_[count_] = std::move(owner);
    ++count_;
}

void Outbox::add_text(std::string text) {
    auto owned = std::make_shared<const std::string>(std::move(text));
    const std::string_view view = *owned;
    add(view, std::move(owned));
}

Sent Outbox::send(int socket, Backlog& backlog) {
    std::size_t taken = 0;
    if (backlog.empty()) {
        const ssize_t sent = send_pieces(socket, pieces_.data(), count_);
        if (sent == -2) {
            clear();
            return Sent::failed;
        }
        taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }
    for (std::size_t i = 0; i < count_; ++i) {
        const std::string_view bytes(static_cast<const char*>(pieces_[i].iov_base),
                                     pieces_[i].iov_len);
        const std::size_t skip = std::min(taken, bytes.size());
        taken -= skip;
        if (skip < bytes.size()) backlog.add(bytes.substr(skip), std::move(owners_[i]));
    }
    clear();
    return backlog.empty() ? Sent::all : Sent::some;
}

void Outbox::clear() noexcept {
    for (std::size_t i = 0; i < count_; ++i)
        owners_[i].reset();
    count_ = 0;
}

}  // namespace tokenbroker::api
