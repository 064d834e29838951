// What an upstream may send: bytes that are read as an HTTP answer the same however they are cut,
// within the limits, or are an error that says why.

#include "fuzz.hpp"
#include "upstream/answer_reader.hpp"

namespace {

using namespace tokenbroker;
using fuzz::require;

constexpr upstream::Limits limits{1024, 4096};

struct Read {
    bool whole = false;
    bool failed = false;
    upstream::Answer answer;
};

Read read(std::string_view bytes, std::size_t piece, upstream::AnswerReader::To to) {
    upstream::AnswerReader reader(limits, to);
    Read read;
    while (!bytes.empty() && !read.whole && !read.failed) {
        const auto fed = reader.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        read.failed = !fed;
        read.whole = fed && *fed;
        require(fed || !fed.error().message().empty());
    }
    if (!read.whole && !read.failed) read.whole = reader.end().has_value();
    if (read.whole) read.answer = reader.take();
    return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::text_of(data, size);
    for (const auto to :
         {upstream::AnswerReader::To::request, upstream::AnswerReader::To::connect}) {
        const Read whole = read(bytes, bytes.size(), to);
        const Read pieces = read(bytes, 1, to);
        require(whole.whole == pieces.whole);
        if (!whole.whole) continue;
        require(whole.answer.status == pieces.answer.status);
        require(whole.answer.body == pieces.answer.body);
        require(whole.answer.body.size() <= limits.body);
        require(whole.answer.status >= 200 && whole.answer.status <= 999);
    }
    return 0;
}
