#pragma once

#include "upstream/transport.hpp"

#include <memory>
#include <string_view>

namespace tokenbroker::upstream {

// Bytes from the network to an Answer: no network here. Knows Content-Length, chunked and
// until-close bodies, and skips interim (1xx) answers.
class AnswerReader {
public:
    enum class To {
        request,  // the whole answer
        connect,  // the head alone: after a 2xx the tunnel begins, and what a refusal says is not
                  // read
    };
    explicit AnswerReader(const Limits& limits, To to = To::request);
    AnswerReader(const AnswerReader&) = delete;
    AnswerReader& operator=(const AnswerReader&) = delete;
    ~AnswerReader();

    // Takes the next bytes. True: the answer is whole. bad_answer, or too_large.
    Result<bool> feed(std::string_view bytes);
    // The other side ended its stream: whole, or connection_lost where something is missing.
    Result<void> end();

    // Bytes came after the answer.
    [[nodiscard]] bool surplus() const noexcept;
    // What was read, once it is whole. `sent` is the caller's to set.
    Answer take();

private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace tokenbroker::upstream
