// What a daemon, or whoever sits on its socket, may send to a client: answers, event streams,
// tokens. They are read the same however the bytes are cut.

#include "fuzz.hpp"

#include <tokenbroker/detail/wire.hpp>

namespace {

using namespace tokenbroker::client;
using tokenbroker::fuzz::require;
namespace detail = tokenbroker::client::detail;

// Whole, or a byte at a time.
template <class Reader>
void feed(Reader& reader, std::string_view bytes, std::size_t piece) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
        static_cast<void>(reader.feed(bytes.substr(0, piece)));
}

void check_answer(std::string_view bytes) {
    detail::AnswerReader whole;
    detail::AnswerReader pieces;
    feed(whole, bytes, bytes.size());
    feed(pieces, bytes, 1);
    require(whole.state() == pieces.state());
    require(whole.end() == pieces.end());
    if (whole.state() != detail::AnswerReader::State::complete) return;
    require(whole.answer().body == pieces.answer().body);
    require(whole.answer().body.size() <= detail::max_body);
    static_cast<void>(detail::read_token(whole.answer()));
}

void check_stream(std::string_view bytes) {
    detail::StreamReader whole;
    detail::StreamReader pieces;
    feed(whole, bytes, bytes.size());
    feed(pieces, bytes, 1);
    require(whole.open() == pieces.open());
    while (const auto news = whole.next()) {
        const auto same = pieces.next();
        require(same && same->has_value() == news->has_value());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = tokenbroker::fuzz::text_of(data, size);
    check_answer(bytes);
    check_stream(bytes);
    if (const auto token = detail::parse_token(bytes)) require(!token->access_token.empty());
    return 0;
}
