#include "api/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>
#include <variant>

// How a connection takes bytes and makes requests of them.
namespace tokenbroker::api {

void Connection::go_on() {
    if (state_ != State::reading && state_ != State::lingering) return;
    if (has_more()) {
        process({});
    } else if (readable_ && backlog_.empty()) {
        static_cast<void>(receive());
    }
}

// False: there is nothing more to receive now.
bool Connection::receive() {
    const ssize_t got =
        ::recv(socket_.get(), common_.received.data(), common_.received.size(), MSG_DONTWAIT);
    if (got > 0) {
        const auto size = static_cast<std::size_t>(got);
        // Less than there was room for: the next arrival, or the end, will be an event of its own.
        if (size < common_.received.size() && !hung_up_) readable_ = false;
        if (state_ != State::lingering) process({common_.received.data(), size});
        return open();
    }
    if (got < 0 && errno == EINTR) return false;
    readable_ = false;
    if (got == 0) {
        peer_done_ = true;
    } else if (errno != EAGAIN) {
        close();
    }
    return false;
}

void Connection::process(std::string_view fresh) {
    following_ = {};
    if (unread_.empty()) {
        if (!body_ && handler_.handle_known(*this, fresh)) return;
        const std::size_t consumed = consume(fresh);
        unread_.assign(fresh.substr(consumed));
    } else {
        unread_.append(fresh);
        const std::size_t consumed = consume(unread_);
        unread_.erase(0, consumed);
    }
    if (unread_.empty()) unread_ = {};
}

bool Connection::may_go_on() const {
    if (state_ != State::reading || close_after_ || !backlog_.empty()) return false;
    if (!common_.outbox.has_room()) return false;
    if (answered_ == 0) return true;
    return answered_ < common_.limits.pipelined &&
           std::chrono::steady_clock::now() - common_.poller.served_since() < turn_of_the_crowd;
}

std::size_t Connection::consume(std::string_view bytes) {
    std::size_t at = 0;
    wants_more_ = false;
    while (at < bytes.size() && may_go_on()) {
        const std::string_view rest = bytes.substr(at);
        const std::size_t taken = body_ ? consume_body(rest) : consume_head(rest);
        if (taken == 0) break;
        at += taken;
    }
    following_ = {};
    return at;
}

std::size_t Connection::consume_head(std::string_view bytes) {
    // An empty line before a request is what some clients send after a body.
    if (bytes.front() == '\r') {
        if (bytes.size() > 1 && bytes[1] == '\n') return 2;
        if (bytes.size() == 1) {
            wants_more_ = true;
            return 0;
        }
    }
    const HeadEnd end = find_head_end(bytes, scanned_);
    const std::size_t longest = common_.limits.head;
    if (end.state == HeadEnd::State::bad) {
        reject(bad_request(
            "this is not HTTP/1.1: lines end in CRLF, and the first begins with a method"));
        return bytes.size();
    }
    if (end.state == HeadEnd::State::more && bytes.size() < longest) {
        wants_more_ = true;
        return 0;
    }
    if (end.state == HeadEnd::State::more || end.size > longest) {
        reject(header_too_large(longest));
        return bytes.size();
    }
    scanned_ = 0;
    following_ = bytes.substr(end.size);
    parse_whole_head(bytes.substr(0, end.size));
    return end.size;
}

void Connection::parse_whole_head(std::string_view head) {
    const auto parsed = parse_head(head);
    if (const auto* bad = std::get_if<BadRequest>(&parsed)) return reject(bad_request(bad->why));
    const auto& request = std::get<Request>(parsed);
    if (request.has_body()) {
        begin_body(request, head);
    } else {
        take(request, {});
    }
}

void Connection::begin_body(const Request& request, std::string_view head) {
    const std::size_t longest = common_.limits.body;
    if (request.content_length.value_or(0) > longest) return reject(content_too_large(longest));
    body_ = std::make_unique<Body>();
    body_->head = head;
    body_->left = request.content_length.value_or(0);
    if (request.chunked) body_->chunks.emplace(longest);
    if (request.expects_continue && following_.empty())
        common_.outbox.add("HTTP/1.1 100 Continue\r\n\r\n");
}

std::size_t Connection::consume_body(std::string_view bytes) {
    std::size_t taken = 0;
    if (body_->chunks) {
        taken = body_->chunks->feed(bytes);
        switch (body_->chunks->state()) {
            case ChunkedBody::State::more:
                return taken;
            case ChunkedBody::State::bad:
                reject(bad_request("the chunks of the body do not parse"));
                return taken;
            case ChunkedBody::State::too_large:
                reject(content_too_large(common_.limits.body));
                return taken;
            case ChunkedBody::State::done:
                body_->bytes = std::move(body_->chunks->body());
                break;
        }
    } else {
        taken = static_cast<std::size_t>(std::min<std::uint64_t>(body_->left, bytes.size()));
        body_->bytes.append(bytes.substr(0, taken));
        body_->left -= taken;
        if (body_->left > 0) return taken;
    }
    following_ = bytes.substr(taken);
    const auto whole = std::move(body_);
    const auto parsed = parse_head(whole->head);
    take(std::get<Request>(parsed), whole->bytes);
    return taken;
}

void Connection::take(const Request& request, std::string_view body) {
    set_form(request.method == Method::head, request.close);
    handler_.handle(*this, request, body);
}

// Whether the peer has sent no further request that deserves its answer before the daemon is gone.
bool Connection::is_last(std::string_view following) const {
    int waiting = 0;
    return following.find("\r\n\r\n") == std::string_view::npos &&
           (::ioctl(socket_.get(), FIONREAD, &waiting) != 0 || waiting == 0);
}

void Connection::reject(const Problem& problem) {
    set_form(false, true);
    body_.reset();
    incomplete_ = true;
    answer(problem.answer());
}

}  // namespace tokenbroker::api
