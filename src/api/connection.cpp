#include "api/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>
#include <variant>

namespace tokenbroker::api {
namespace {

// How long a peer that was told "no" may go on sending before the connection is reset under it.
constexpr Milliseconds linger_time = std::chrono::seconds(1);
constexpr std::string_view heartbeat_line = ":\n\n";

}  // namespace

struct Connection::Body {
    std::string head;
    std::uint64_t left = 0;             // of Content-Length
    std::optional<ChunkedBody> chunks;  // where it comes in chunks
    std::string bytes;
};

Connection::Connection(Common& common, Handler& handler, host::Descriptor socket,
                       std::optional<Caller> caller, Seat seat)
    : common_(common),
      handler_(handler),
      socket_(std::move(socket)),
      caller_(std::move(caller)),
      seat_(seat) {}

Connection::~Connection() = default;

bool Connection::start() {
    listening_to_ = EPOLLIN;
    if (!common_.poller.add(socket_.get(), *this, listening_to_)) return false;
    await(Awaited::request, common_.limits.idle);
    return true;
}

void Connection::refuse(const Problem& problem) {
    reject(problem);
    settle();
}

void Connection::on_ready(std::uint32_t events) {
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 && (events & EPOLLIN) == 0) return close();
    if ((events & EPOLLOUT) != 0 && backlog_.send(socket_.get()) == Sent::failed) return close();
    if ((events & EPOLLIN) != 0) static_cast<void>(receive());
    settle();
}

void Connection::on_again() {
    process({});
    settle();
}

void Connection::on_deadline() {
    const Awaited missed = std::exchange(awaited_, Awaited::nothing);
    switch (missed) {
        case Awaited::head:
            reject(request_timeout("the head of the request was not whole in time"));
            break;
        case Awaited::body:
            reject(request_timeout("the body of the request was not whole in time"));
            break;
        case Awaited::heartbeat:
            common_.outbox.add(heartbeat_line);
            break;
        case Awaited::nothing:
        case Awaited::request:
        case Awaited::drain:
        case Awaited::end:
            return close();
    }
    settle();
}

// False: there is nothing more to receive now.
bool Connection::receive() {
    const ssize_t got =
        ::recv(socket_.get(), common_.received.data(), common_.received.size(), MSG_DONTWAIT);
    if (got > 0) {
        if (state_ != State::lingering)
            process({common_.received.data(), static_cast<std::size_t>(got)});
        return open();
    }
    if (got == 0) {
        peer_done_ = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        close();
    }
    return false;
}

void Connection::process(std::string_view fresh) {
    if (state_ != State::reading) {
        unread_.append(fresh);
        return;
    }
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
    return state_ == State::reading && !close_after_ && answered_ < common_.limits.pipelined &&
           common_.outbox.has_room() && backlog_.empty();
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

void Connection::set_form(bool head_only, bool close) {
    head_only_ = head_only;
    if (close) close_after_ = true;
}

void Connection::reject(const Problem& problem) {
    set_form(false, true);
    body_.reset();
    incomplete_ = true;
    answer(problem.answer());
}

void Connection::count_answer() {
    ++answered_;
    const bool late = state_ == State::waiting;
    if (common_.stopping && is_last(late ? unread_ : following_)) close_after_ = true;
    if (late) {
        state_ = State::reading;
        call_ = nullptr;
    }
}

// Whether the peer has sent no further request that deserves its answer before the daemon is gone.
bool Connection::is_last(std::string_view following) const {
    int waiting = 0;
    return following.find("\r\n\r\n") == std::string_view::npos &&
           (::ioctl(socket_.get(), FIONREAD, &waiting) != 0 || waiting == 0);
}

void Connection::answer(const Answer& answer) {
    count_answer();
    std::string text = common_.first_lines.of(answer.status, close_after_) + header_lines(answer);
    if (!answer.shared_body && !head_only_) text += answer.body;
    common_.outbox.add_text(std::move(text));
    if (answer.shared_body && !head_only_)
        common_.outbox.add(*answer.shared_body, answer.shared_body);
}

void Connection::answer_token(const broker::PublishedToken& token, bool text) {
    count_answer();
    std::string_view bytes = text ? token->text_answer.reveal() : token->json_answer.reveal();
    if (head_only_) bytes = bytes.substr(0, text ? token->text_body_at : token->json_body_at);
    common_.outbox.add(common_.first_lines.ok(close_after_));
    common_.outbox.add(bytes, token);
}

void Connection::answer_not_modified(std::string_view tag) {
    count_answer();
    std::string text = common_.first_lines.of(304, close_after_) + "ETag: ";
    text += tag;
    text += "\r\nCache-Control: no-store\r\nVary: Accept\r\n\r\n";
    common_.outbox.add_text(std::move(text));
}

void Connection::wait_for(Call& call) {
    state_ = State::waiting;
    call_ = &call;
}

void Connection::resume() {
    settle();
}

void Connection::begin_stream(Stream& stream) {
    ++answered_;
    ++common_.series.streams;
    close_after_ = true;
    state_ = State::streaming;
    stream_ = &stream;
    common_.outbox.add(common_.first_lines.ok(true));
    common_.outbox.add("Content-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n");
}

void Connection::push(std::string_view bytes, Owner owner) {
    common_.outbox.add(bytes, std::move(owner));
    if (answered_ == 0) settle();
}

void Connection::end_stream() {
    --common_.series.streams;
    stream_ = nullptr;
    state_ = State::reading;
    if (answered_ == 0) settle();
}

void Connection::close() {
    if (state_ == State::ended) return;
    handler_.ended(*this);
    if (state_ == State::streaming) --common_.series.streams;
    state_ = State::ended;
    call_ = nullptr;
    stream_ = nullptr;
    common_.poller.forget(*this);
    Wheel::clear(*this);
    socket_.reset();
    common_.retire(*this);
}

void Connection::finish() {
    if (state_ == State::reading) {
        // From now on a peer that sends gets an error; what it sent before can still be read.
        ::shutdown(socket_.get(), SHUT_RD);
        while (state_ == State::reading && backlog_.empty()) {
            if (!unread_.empty() && !wants_more_) {
                on_again();
            } else if (receive()) {
                settle();
            } else {
                break;
            }
        }
    }
    close();
}

void Connection::flush() {
    if (common_.outbox.empty()) return;
    const Sent sent = common_.outbox.send(socket_.get(), backlog_);
    if (answered_ > 0 && state_ != State::streaming) common_.measure(answered_);
    if (sent == Sent::failed) close();
}

void Connection::settle() {
    if (state_ == State::ended) return;
    flush();
    const bool answered = std::exchange(answered_, 0) > 0;
    if (state_ == State::ended) return;
    if (!backlog_.empty()) {
        listen_to(EPOLLOUT);
        if (awaited_ != Awaited::drain) await(Awaited::drain, common_.limits.drain_timeout);
        return;
    }
    switch (state_) {
        case State::reading:
            if (answered || awaited_ == Awaited::drain) awaited_ = Awaited::nothing;
            settle_reading();
            break;
        case State::waiting:
            listen_to(0);
            Wheel::clear(*this);
            awaited_ = Awaited::nothing;
            break;
        case State::streaming:
            listen_to(0);
            if (awaited_ != Awaited::heartbeat) await(Awaited::heartbeat, common_.limits.heartbeat);
            break;
        case State::lingering:
            if (peer_done_) close();
            break;
        case State::ended:
            break;
    }
}

void Connection::settle_reading() {
    if (close_after_) return incomplete_ || !unread_.empty() ? linger() : close();
    const bool go_on = !unread_.empty() && !wants_more_;
    if (go_on) {
        listen_to(0);
        common_.poller.again(*this);
        return;
    }
    if (peer_done_) return close();
    listen_to(EPOLLIN);
    if (body_) {
        if (awaited_ != Awaited::body) await(Awaited::body, common_.limits.body_timeout);
    } else if (!unread_.empty()) {
        if (awaited_ != Awaited::head) await(Awaited::head, common_.limits.head_timeout);
    } else if (awaited_ != Awaited::request) {
        await(Awaited::request, common_.limits.idle);
    }
}

void Connection::linger() {
    if (peer_done_) return close();
    ::shutdown(socket_.get(), SHUT_WR);
    state_ = State::lingering;
    unread_ = {};
    listen_to(EPOLLIN);
    await(Awaited::end, linger_time);
}

void Connection::await(Awaited what, Milliseconds within) {
    awaited_ = what;
    common_.wheel.set(*this, saturating_add(common_.now.boot, within));
}

void Connection::listen_to(std::uint32_t events) {
    if (events == listening_to_) return;
    listening_to_ = events;
    common_.poller.change(socket_.get(), *this, events);
}

}  // namespace tokenbroker::api
