#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tokenbroker/client.hpp>

// What the blocking and the Asio form share: the protocol without I/O. Not for other programs: it
// may change.
namespace tokenbroker::client::detail {

// Limits on what a daemon may send.
inline constexpr std::size_t max_head = 16 * std::size_t{1024};
inline constexpr std::size_t max_body = 16 * std::size_t{1024} * 1024;
inline constexpr std::size_t max_event = 256 * std::size_t{1024};
inline constexpr std::size_t read_size = 4 * std::size_t{1024};

// Overwrites a buffer that may have held a token, and empties it.
void wipe(std::string& text) noexcept;

// The bytes of a request.
std::string render(const Request& request);
std::string render_stream_request(std::string_view account,
                                  std::optional<std::uint64_t> last_generation);

Request token_request(std::string_view account, const GetOptions& options);
Request rejected_request(std::string_view account, std::uint64_t generation, Milliseconds wait);
// The token in an answer, or the error that it is.
Result<Token> read_token(const Answer& answer);
Result<Token> parse_token(std::string_view json);

// One non-blocking attempt: 0, or the errno. EAGAIN: the backlog is full; ask again a little later.
int try_connect(int descriptor, const std::string& path) noexcept;
// How long to wait before the next attempt, where another may help (EAGAIN): 1 ms, doubled up to 20
// ms.
Milliseconds connect_pause(unsigned attempt) noexcept;
Error connect_error(const std::string& path, int error_number);
Error timeout_error(const std::string& path, std::string_view what);
Error lost_error(const std::string& path);

// Reads one HTTP/1.1 answer from bytes as they come, in pieces of any size.
class AnswerReader {
public:
    AnswerReader() = default;
    AnswerReader(const AnswerReader&) = delete;
    AnswerReader& operator=(const AnswerReader&) = delete;
    ~AnswerReader();

    enum class State { head, body, complete, broken };
    State feed(std::string_view bytes);
    // The peer closed its side.
    State end();

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] const std::string& why_broken() const noexcept { return why_; }
    // Status and head are there from State::body on (and stay when the body breaks), the whole body
    // at State::complete.
    [[nodiscard]] bool has_head() const noexcept { return has_head_; }
    [[nodiscard]] const Answer& answer() const noexcept { return answer_; }
    // The body's bytes since the last call: for streams.
    std::string take_body();
    Answer take();

private:
    enum class Framing { length, chunked, until_end };

    void read_lines();
    void read_head(std::string_view head);
    void read_field(std::string_view name, std::string_view value);
    void read_body();
    void read_chunks();
    void append_body(std::string_view bytes);
    void fail(const char* why);

    State state_ = State::head;
    Framing framing_ = Framing::until_end;
    std::optional<std::size_t> length_;  // of the body, or of the chunk that is read
    bool has_head_ = false;
    bool in_trailer_ = false;
    std::string unread_;
    std::string why_;
    Answer answer_;
};

struct StreamEvent {
    std::string name;  // "message" where the stream does not say
    std::string data;
    std::string id;
};

// Reads server-sent events from bytes as they come.
class EventReader {
public:
    // False: an event is larger than max_event.
    bool feed(std::string_view bytes);
    std::optional<StreamEvent> next();

private:
    void read_line(std::string_view line);

    std::string unread_;
    StreamEvent event_;
    bool has_data_ = false;
    std::deque<StreamEvent> ready_;
};

// One connection of a watch: from the bytes of the answer to news about the token.
class StreamReader {
public:
    // False: the connection is of no more use; next() has what is left to tell.
    bool feed(std::string_view bytes);
    // The peer closed. A stream that was open is not news: the next connection tells.
    void end(const std::string& path);
    // What went wrong with the connection itself.
    void fail(Error error);
    // The daemon took the request: events follow.
    [[nodiscard]] bool open() const noexcept { return open_; }
    std::optional<Result<Token>> next();

private:
    void read_event(const StreamEvent& event);

    bool open_ = false;
    AnswerReader answer_;
    EventReader events_;
    std::deque<Result<Token>> news_;
};

// What a watch knows between connections: the token now, what was told last, how long to pause.
class WatchMemory {
public:
    explicit WatchMemory(const Options& options);

    void opened();
    // Takes note of an event. False: it was told already.
    bool is_news(const Result<Token>& event);
    [[nodiscard]] const std::shared_ptr<const Token>& token() const noexcept { return token_; }
    [[nodiscard]] std::optional<std::uint64_t> last_generation() const;
    // The pause before the next connection, the last one having lasted so long.
    Milliseconds pause(Milliseconds lasted);

private:
    Milliseconds initial_;
    Milliseconds max_;
    Milliseconds step_;
    std::uint64_t random_;
    std::shared_ptr<const Token> token_;
    std::string told_;
};

}  // namespace tokenbroker::client::detail
