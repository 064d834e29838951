#include "api/streams.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace tokenbroker::api {

namespace asio = boost::asio;
namespace {

// Readers told in one turn of the loop: at a few microseconds each, others hardly notice.
constexpr int readers_a_turn = 64;

std::shared_ptr<const Secret> render_token_event(const broker::Published& token) {
    const std::string head = "event: token\nid: " + std::to_string(token.generation) + "\ndata: ";
    const std::string_view body = token.json_body();
    constexpr std::string_view tail = "\n\n";
    Secret event = Secret::of_size(head.size() + body.size() + tail.size());
    char* out = event.writable().data();
    for (const std::string_view piece : {std::string_view(head), body, tail}) {
        out = std::copy(piece.begin(), piece.end(), out);
    }
    return std::make_shared<const Secret>(std::move(event));
}

std::string render_unavailable_event(const Problem& problem) {
    return "event: unavailable\ndata: " + problem.json() + "\n\n";
}

}  // namespace

void Streams::begin(Connection& connection, const DeskHandle& desk,
                    std::optional<std::uint64_t> last_seen) {
    auto stream = std::make_unique<Stream>(connection, desk);
    stream->place = desk->streams.insert(desk->streams.end(), nullptr);
    stream->round = desk->account->revision();
    stream->shown = last_seen.value_or(0);
    Stream& begun = *stream;
    *begun.place = std::move(stream);
    connection.begin_stream(begun);
    tell(begun);
    if (!desk->follower && !desk->streams.empty())
        desk->follower = nursery_.spawn("event stream", follow(desk));
}

void Streams::ended(Stream& stream) {
    release(stream);
}

void Streams::release(Stream& stream) {
    const DeskHandle desk = stream.desk;
    desk->streams.erase(stream.place);
    if (!desk->streams.empty()) return;
    desk->token_event.reset();
    if (desk->follower) nursery_.cancel(*std::exchange(desk->follower, std::nullopt));
}

asio::awaitable<void> Streams::follow(DeskHandle desk) {
    const auto executor = co_await asio::this_coro::executor;
    while (true) {
        const std::uint64_t revision = desk->account->revision();
        while (tell_some(*desk, revision))
            co_await asio::post(executor, asio::use_awaitable);
        if (desk->account->revision() != revision) continue;
        co_await desk->account->changed(revision);
        // Nothing changed: the account is gone, or the daemon stops.
        if (desk->account->revision() == revision) break;
    }
    // No longer to be cancelled: it is about to end by itself.
    desk->follower.reset();
    const Turn turn(common_);
    if (!desk->account->removed()) end_all(*desk);
    while (!desk->streams.empty()) {
        end_with(*desk->streams.front(), unknown_account(desk->account->name().text()));
    }
}

bool Streams::tell_some(Desk& desk, std::uint64_t revision) {
    const Turn turn(common_);
    for (int told = 0; told < readers_a_turn; ++told) {
        if (desk.streams.empty() || desk.streams.front()->round == revision) return false;
        Stream& stream = *desk.streams.front();
        desk.streams.splice(desk.streams.end(), desk.streams, desk.streams.begin());
        stream.round = revision;
        tell(stream);
    }
    return true;
}

void Streams::tell(Stream& stream) {
    Desk& desk = *stream.desk;
    Caller& caller = *stream.connection.caller();
    Caller::Standing& standing = caller.standing(desk, broker_);
    if (!standing.allowed) {
        return end_with(stream, access_denied(desk.account->name().text(), caller.uid(),
                                              "access was withdrawn"));
    }
    const broker::PublishedToken token = desk.account->current();
    if (token) {
        if (stream.shown == token->generation && !stream.told_unavailable) return;
        if (!desk.token_event || desk.token_event_generation != token->generation) {
            desk.token_event = render_token_event(*token);
            desk.token_event_generation = token->generation;
        }
        stream.shown = token->generation;
        stream.told_unavailable = false;
        hand_outs_.count(caller, standing, desk, *token);
        return stream.connection.push(desk.token_event->reveal(), desk.token_event);
    }
    desk.token_event.reset();
    if (std::exchange(stream.told_unavailable, true)) return;
    if (!desk.unavailable_event || desk.unavailable_event_revision != desk.account->revision()) {
        const broker::NoToken none(broker::Denial::unavailable, "there is no valid token now",
                                   std::nullopt);
        desk.unavailable_event = std::make_shared<const std::string>(
            render_unavailable_event(no_token(none, desk.account->status())));
        desk.unavailable_event_revision = desk.account->revision();
    }
    stream.connection.push(*desk.unavailable_event, desk.unavailable_event);
}

void Streams::end_with(Stream& stream, const Problem& problem) {
    Connection& connection = stream.connection;
    const auto event = std::make_shared<const std::string>(render_unavailable_event(problem));
    connection.push(*event, event);
    if (connection.stream() == nullptr) return;  // the push found it broken
    release(stream);
    connection.end_stream();
}

void Streams::check_access(Desk& desk) {
    std::vector<Stream*> lost;
    for (const auto& stream : desk.streams) {
        if (!stream->connection.caller()->standing(desk, broker_).allowed)
            lost.push_back(stream.get());
    }
    for (Stream* stream : lost)
        tell(*stream);
}

void Streams::end_all(Desk& desk) {
    while (!desk.streams.empty()) {
        Connection& connection = desk.streams.front()->connection;
        release(*desk.streams.front());
        connection.end_stream();
    }
}

}  // namespace tokenbroker::api
