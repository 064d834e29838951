#pragma once

#include "api/caller.hpp"
#include "api/common.hpp"
#include "api/problem.hpp"
#include "api/request.hpp"
#include "broker/published.hpp"
#include "host/descriptor.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tokenbroker::api {

class Connection;
struct Call;
struct Stream;

// What a connection hands its requests to.
class Handler {
public:
    virtual ~Handler() = default;
    // Answers by one of Connection's functions: at once, or later after wait_for().
    virtual void handle(Connection& connection, const Request& request, std::string_view body) = 0;
    // The same for bytes just received, where they are known to be one whole request; else false.
    virtual bool handle_known(Connection& connection, std::string_view bytes) = 0;
    // It is being closed: nobody may refer to it any more.
    virtual void ended(Connection& connection) = 0;
};

// One connection: a state machine between an HTTP/1.1 client and the handler. While nothing happens
// it has no buffer and no timer of its own. Everything is called within a Turn.
class Connection final : public Poller::Target, public Wheel::Entry {
public:
    // Without a caller: a TCP connection, to the metrics listener.
    Connection(Common& common, Handler& handler, host::Descriptor socket,
               std::optional<Caller> caller, Seat seat);
    ~Connection() override;

    // Begins to serve: what the peer sent already at once, where it may stand in front.
    void start();
    // Turned away before its first request.
    void refuse(const Problem& problem);

    void on_ready(std::uint32_t events) override;
    void on_deadline() override;

    [[nodiscard]] Caller* caller() noexcept { return caller_ ? &*caller_ : nullptr; }
    [[nodiscard]] std::optional<uid_t> user() const;
    [[nodiscard]] Seat seat() const noexcept { return seat_; }
    [[nodiscard]] bool open() const noexcept { return state_ != State::ended; }

    // The answer to the request under way.
    void answer(const Answer& answer);
    void answer_token(const broker::PublishedToken& token, bool text);
    void answer_not_modified(std::string_view tag);
    // To HEAD of a stream: what begin_stream() sends, and the end.
    void answer_stream_head();
    // What the request under way asks of its answer; for requests that were not parsed.
    void set_form(bool head_only, bool close);
    [[nodiscard]] bool head_only() const noexcept { return head_only_; }

    // The answer comes later, from `call`. Until then nothing more is read.
    void wait_for(Call& call);
    [[nodiscard]] Call* call() noexcept { return call_; }
    // After an answer that came later: sends it and goes on with what the client sent meanwhile.
    void resume();

    // The answer goes on for ever: its head now, then push() for each event, in this turn or later.
    void begin_stream(Stream& stream);
    [[nodiscard]] Stream* stream() noexcept { return stream_; }
    void push(std::string_view bytes, Owner owner);
    // The stream ends once what was pushed is taken.
    void end_stream();

    // At once, without an answer.
    void close();
    // Takes no more, answers what was received whole, and closes.
    void finish();

    std::size_t place = 0;  // in Common::connections

private:
    enum class State : std::uint8_t { reading, waiting, streaming, lingering, ended };
    // What the deadline is for.
    enum class Awaited : std::uint8_t { nothing, request, head, body, drain, heartbeat, end };
    // Of a request whose head is whole.
    struct Body {
        std::string head;
        std::uint64_t left = 0;             // of Content-Length
        std::optional<ChunkedBody> chunks;  // where it comes in chunks
        std::string bytes;
    };

    [[nodiscard]] bool receive();
    void process(std::string_view fresh);
    [[nodiscard]] std::size_t consume(std::string_view bytes);
    [[nodiscard]] std::size_t consume_head(std::string_view bytes);
    [[nodiscard]] std::size_t consume_body(std::string_view bytes);
    void parse_whole_head(std::string_view head);
    void begin_body(const Request& request, std::string_view head);
    void take(const Request& request, std::string_view body);
    void reject(const Problem& problem);
    void count_answer();
    [[nodiscard]] bool may_go_on() const;
    [[nodiscard]] bool has_more() const noexcept { return !unread_.empty() && !wants_more_; }
    [[nodiscard]] bool is_last(std::string_view following) const;

    // Sends what was answered and puts everything in order for the next turn.
    void settle();
    void flush();
    void go_on();
    void take_place(unsigned answered);  // its class in the poller
    void settle_reading();
    void linger();
    void await(Awaited what, Milliseconds within);
    // Both: false, and closed, where the kernel refuses.
    [[nodiscard]] bool read_on();  // what is there already has its turn, the rest is an event
    [[nodiscard]] bool listen_to(std::uint32_t events);

    Common& common_;
    Handler& handler_;
    host::Descriptor socket_;
    std::optional<Caller> caller_;

    std::string unread_;          // of a request that is not whole yet, or has to wait for its turn
    std::size_t scanned_ = 0;     // of that, in search of the end of a head
    std::string_view following_;  // what was received after the request that is being handled
    std::unique_ptr<Body> body_;
    Backlog backlog_;
    Call* call_ = nullptr;
    Stream* stream_ = nullptr;
    std::uint32_t listening_to_ = 0;  // 0: the poller does not know it yet
    unsigned answered_ = 0;           // in this turn
    State state_ = State::reading;
    Awaited awaited_ = Awaited::nothing;
    Seat seat_;
    bool head_only_ = false;    // the request under way is HEAD
    bool close_after_ = false;  // the connection ends with the answer under way
    bool incomplete_ = false;   // the peer may still be sending what nobody will read
    bool readable_ = false;     // there may be something to receive: the poller tells it once
    bool hung_up_ = false;      // the peer sends no more than what has arrived
    bool peer_done_ = false;    // and all of that was received
    bool bulky_ = false;        // one of this turn's answers is long
    bool wants_more_ = false;   // unread_ holds no whole request
};

}  // namespace tokenbroker::api
