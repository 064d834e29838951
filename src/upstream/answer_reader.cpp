#include "upstream/answer_reader.hpp"

#include "base/mask.hpp"
#include "upstream/wiped.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>
#include <utility>

namespace tokenbroker::upstream {
namespace {

namespace http = boost::beast::http;

// An interim answer is a few lines; a flood of them is an attack or a fault.
constexpr int most_interim_answers = 16;
constexpr std::size_t longest_reason = 100;
// "0 CRLF CRLF". Beast 1.81 asserts that it gets no less of a last chunk, so we wait for as much.
constexpr std::size_t shortest_chunk = 5;

}  // namespace

class AnswerReader::Parser {
public:
    Parser(const Limits& limits, To to) : limits_(limits), to_(to) { begin(); }

    Result<bool> feed(std::string_view bytes) {
        pending_.append(bytes);
        while (!whole_) {
            if (beast_->is_header_done() && beast_->chunked() && pending_.size() < shortest_chunk)
                break;
            boost::system::error_code failed;
            const std::size_t used =
                beast_->put(boost::asio::buffer(pending_.data(), pending_.size()), failed);
            pending_.erase(0, used);
            if (failed && failed != http::error::need_more) return explain(failed);
            if (beast_->is_header_done() && interim()) {
                if (beast_->get().result_int() == 101)
                    return Error(Errc::bad_answer, "it switches protocols (101)");
                if (++interim_answers_ > most_interim_answers) {
                    return Error(Errc::bad_answer, "it is a flood of interim answers");
                }
                begin();
                continue;
            }
            whole_ = to_ == To::connect ? beast_->is_header_done() : beast_->is_done();
            // Chunk extensions and trailers pass no other limit.
            if (!whole_ && pending_.size() > limits_.head)
                return explain(http::error::header_limit);
            if (!whole_ && (failed || used == 0 || pending_.empty())) break;
        }
        return whole_;
    }

    Result<void> end() {
        if (whole_) return {};
        if (!beast_->got_some())
            return Error(Errc::connection_lost, "the connection was closed without an answer");
        boost::system::error_code failed;
        beast_->put_eof(failed);
        if (failed)
            return Error(Errc::connection_lost,
                         "the connection was closed in the middle of the answer");
        whole_ = true;
        return {};
    }

    [[nodiscard]] bool surplus() const noexcept { return !pending_.empty(); }

    Answer take() {
        auto& message = beast_->get();
        Answer answer;
        answer.status = static_cast<int>(message.result_int());
        answer.reason = printable(
            std::string_view(message.reason().data(), message.reason().size()), longest_reason);
        answer.retry_after = field(http::field::retry_after);
        answer.content_type = field(http::field::content_type);
        answer.www_authenticate = field(http::field::www_authenticate);
        answer.location = field(http::field::location);
        answer.date = field(http::field::date);
        answer.body = Secret(message.body());
        return answer;
    }

private:
    using Body = http::basic_string_body<char, std::char_traits<char>, WipingAllocator<char>>;

    using Beast = http::response_parser<Body, WipingAllocator<char>>;

    void begin() {
        beast_.emplace();
        beast_->eager(true);
        beast_->header_limit(limits_.head);
        beast_->body_limit(limits_.body);
        beast_->skip(to_ == To::connect);
    }

    [[nodiscard]] bool interim() const { return beast_->get().result_int() / 100 == 1; }

    [[nodiscard]] std::optional<std::string> field(http::field name) const {
        const auto found = beast_->get().find(name);
        if (found == beast_->get().end()) return std::nullopt;
        return std::string(found->value().data(), found->value().size());
    }

    [[nodiscard]] Error explain(boost::system::error_code failed) const {
        if (failed == http::error::header_limit) {
            return {Errc::too_large, "its head is over " + std::to_string(limits_.head) + " bytes"};
        }
        if (failed == http::error::body_limit) {
            return {Errc::too_large, "its body is over " + std::to_string(limits_.body) + " bytes"};
        }
        return {Errc::bad_answer, "it is not HTTP: " + failed.message()};
    }

    Limits limits_;
    To to_;
    std::optional<Beast> beast_;
    WipedString pending_;
    int interim_answers_ = 0;
    bool whole_ = false;
};

AnswerReader::AnswerReader(const Limits& limits, To to)
    : parser_(std::make_unique<Parser>(limits, to)) {}
AnswerReader::~AnswerReader() = default;

Result<bool> AnswerReader::feed(std::string_view bytes) {
    return parser_->feed(bytes);
}
Result<void> AnswerReader::end() {
    return parser_->end();
}
bool AnswerReader::surplus() const noexcept {
    return parser_->surplus();
}
Answer AnswerReader::take() {
    return parser_->take();
}

}  // namespace tokenbroker::upstream
