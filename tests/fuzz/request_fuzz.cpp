// What a peer may send to the local API: heads, targets and chunked bodies. They are read the same
// however the bytes are cut, every view of a head lies within it, and no limit is passed.

#include "api/request.hpp"
#include "api/target.hpp"
#include "fuzz.hpp"

#include <algorithm>
#include <array>

namespace {

using namespace tokenbroker;
using api::ChunkedBody;
using api::HeadEnd;
using fuzz::require;

constexpr std::size_t longest_body = 1024;

bool within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

HeadEnd end_in_pieces(std::string_view bytes) {
    std::size_t scanned = 0;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const HeadEnd end = api::find_head_end(bytes.substr(0, size), scanned);
        if (end.state != HeadEnd::State::more) return end;
    }
    return {HeadEnd::State::more, 0};
}

void check_target(const api::Request& request) {
    if (const auto route = api::parse_path(request.path); route && *route)
        require((*route)->account.find('\0') == std::string::npos);
    for (const api::Action action :
         {api::Action::token, api::Action::access, api::Action::resume, api::Action::readyz}) {
        const auto query = api::parse_query(action, request.query, api::Limits());
        if (!query) continue;
        require(query->min_ttl >= Milliseconds::zero());
        require(!query->wait ||
                (*query->wait >= Milliseconds::zero() && *query->wait <= std::chrono::seconds(60)));
    }
}

void check_head(std::string_view head) {
    const auto parsed = api::parse_head(head);
    if (const auto* bad = std::get_if<api::BadRequest>(&parsed)) {
        require(bad->why != nullptr && *bad->why != '\0');
        return;
    }
    const auto& request = std::get<api::Request>(parsed);
    require(within(request.path, head) && within(request.query, head));
    require(request.path.starts_with('/'));
    require(!(request.chunked && request.content_length));
    for (const api::Lines* lines :
         {&request.host, &request.accept, &request.if_none_match, &request.last_event_id})
        require(std::ranges::all_of(*lines, [&](auto line) { return within(line, head); }));
    static_cast<void>(api::names_media_type(request.accept, "text/plain"));
    static_cast<void>(api::matches_tag(request.if_none_match, "\"1795305600\""));
    check_target(request);
}

void check_chunks(std::string_view bytes) {
    ChunkedBody whole(longest_body);
    const std::size_t used = whole.feed(bytes);
    require(used <= bytes.size());
    ChunkedBody pieces(longest_body);
    std::size_t at = 0;
    while (at < bytes.size() && pieces.state() == ChunkedBody::State::more)
        at += pieces.feed(bytes.substr(at, 1));
    require(at == used && pieces.state() == whole.state() && pieces.body() == whole.body());
    require(whole.body().size() <= longest_body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::text_of(data, size);
    std::size_t scanned = 0;
    const HeadEnd end = api::find_head_end(bytes, scanned);
    const HeadEnd pieces = end_in_pieces(bytes);
    require(end.state == pieces.state);
    if (end.state == HeadEnd::State::found) {
        require(end.size == pieces.size && end.size <= bytes.size());
        check_head(bytes.substr(0, end.size));
        check_chunks(bytes.substr(end.size));
    }
    check_chunks(bytes);
    return 0;
}
