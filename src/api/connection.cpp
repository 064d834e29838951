#include "api/connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

namespace tokenbroker::api {
namespace {

// How long a peer that was told "no" may go on sending before the connection is reset under it.
constexpr Milliseconds linger_time = std::chrono::seconds(1);
// An answer that takes the kernel as long to copy as many tokens.
constexpr std::size_t bulk = std::size_t{16} * 1024;
// Edges: each arrival is told once, whatever the connection is doing then.
constexpr std::uint32_t incoming = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr std::string_view heartbeat_line = ":\n\n";
constexpr std::string_view stream_head =
    "Content-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n";

}  // namespace

Connection::Connection(Common& common, Handler& handler, host::Descriptor socket,
                       std::optional<Caller> caller, Seat seat)
    : common_(common),
      handler_(handler),
      socket_(std::move(socket)),
      caller_(std::move(caller)),
      seat_(seat) {}

Connection::~Connection() = default;

std::optional<uid_t> Connection::user() const {
    return caller_ ? std::optional(caller_->uid()) : std::nullopt;
}

void Connection::start() {
    readable_ = true;
    if (common_.may_stand_in_front(*this)) return on_ready(0);
    common_.poller.move_to_crowd(*this, user());
    common_.poller.again(*this);
}

void Connection::refuse(const Problem& problem) {
    common_.poller.move_to_crowd(*this, user());
    reject(problem);
    settle();
}

void Connection::on_ready(std::uint32_t events) {
    if ((events & ~EPOLLOUT) != 0) readable_ = true;
    if ((events & EPOLLRDHUP) != 0) hung_up_ = true;
    const bool gone = (events & (EPOLLHUP | EPOLLERR)) != 0;
    // What it sent before it went is still read, where nothing stands in the way.
    if (gone && (state_ == State::waiting || state_ == State::streaming || !backlog_.empty()))
        return close();
    if ((events & EPOLLOUT) != 0 && backlog_.send(socket_.get()) == Sent::failed) return close();
    go_on();
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

void Connection::set_form(bool head_only, bool close) {
    head_only_ = head_only;
    if (close) close_after_ = true;
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

void Connection::answer(const Answer& answer) {
    count_answer();
    if (answer.content().size() > bulk) bulky_ = true;
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

void Connection::answer_stream_head() {
    close_after_ = true;
    count_answer();
    common_.outbox.add(common_.first_lines.ok(true));
    common_.outbox.add(stream_head);
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
    common_.outbox.add(stream_head);
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
    common_.poller.leave(*this);
    Wheel::clear(*this);
    socket_.reset();
    common_.retire(*this);
}

void Connection::finish() {
    if (state_ == State::reading) {
        // From now on a peer that sends gets an error; what it sent before can still be read.
        ::shutdown(socket_.get(), SHUT_RD);
        while (state_ == State::reading && backlog_.empty()) {
            if (has_more()) {
                process({});
                settle();
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
    const unsigned answered = std::exchange(answered_, 0);
    if (state_ == State::ended) return;
    if (answered > 0) take_place(answered);
    if (!backlog_.empty()) {
        // Not for an edge: that the kernel was short of memory for a moment ends without one.
        if (listen_to(EPOLLOUT) && awaited_ != Awaited::drain)
            await(Awaited::drain, common_.limits.drain_timeout);
        return;
    }
    switch (state_) {
        case State::reading:
            if (answered > 0 || awaited_ == Awaited::drain) awaited_ = Awaited::nothing;
            settle_reading();
            break;
        case State::waiting:
            if (!listen_to(incoming)) return;
            Wheel::clear(*this);
            awaited_ = Awaited::nothing;
            break;
        case State::streaming:
            if (!listen_to(incoming)) return;
            if (awaited_ != Awaited::heartbeat) await(Awaited::heartbeat, common_.limits.heartbeat);
            break;
        case State::lingering:
            if (peer_done_) return close();
            static_cast<void>(read_on());
            break;
        case State::ended:
            break;
    }
}

// Who pipelines, or asks for what is long or takes long, stands behind those who ask for a little
// at a time.
void Connection::take_place(unsigned answered) {
    const BootTime now = common_.now.boot;
    const bool bulky = std::exchange(bulky_, false);
    const bool pipelines = answered > 1 || (has_more() && !close_after_);
    const bool slow = common_.conduct.is_slow(common_.served_long(), user(), now);
    if (pipelines || bulky || slow) {
        common_.conduct.asked_much(user(), now);
        common_.poller.move_to_crowd(*this, user());
    } else if (!in_crowd()) {
        common_.poller.front_asks();
    } else if (common_.may_stand_in_front(*this)) {
        common_.poller.move_to_front(*this);
    }
}

void Connection::settle_reading() {
    if (close_after_) return incomplete_ || !unread_.empty() ? linger() : close();
    if (has_more()) {
        Wheel::clear(*this);
        awaited_ = Awaited::nothing;
        common_.poller.again(*this);
        return;
    }
    if (peer_done_) return close();
    if (!read_on()) return;
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
    if (!read_on()) return;
    await(Awaited::end, linger_time);
}

void Connection::await(Awaited what, Milliseconds within) {
    awaited_ = what;
    common_.wheel.set(*this, saturating_add(common_.now.boot, within));
}

bool Connection::read_on() {
    if (!listen_to(incoming)) return false;
    if (readable_) common_.poller.again(*this);
    return true;
}

bool Connection::listen_to(std::uint32_t events) {
    if (events == listening_to_) return true;
    if (std::exchange(listening_to_, events) != 0) {
        common_.poller.change(socket_.get(), *this, events);
    } else if (!common_.poller.add(socket_.get(), *this, events)) {
        listening_to_ = 0;
        close();
        return false;
    }
    return true;
}

}  // namespace tokenbroker::api
