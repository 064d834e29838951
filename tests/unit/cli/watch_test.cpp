#include "tokenctl.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace tokenbroker::cli {
namespace {

using support::event_stream_head;
using support::StubDaemon;
using support::StubPeer;
using support::token_json;

std::string token_event(std::uint64_t generation) {
    return "event: token\nid: " + std::to_string(generation) +
           "\ndata: " + token_json("a", "t", generation) + "\n\n";
}

TEST(WatchCommand, prints_a_line_for_each_token_over_a_restart) {
    const StubDaemon daemon([connection = 0](StubPeer& peer) mutable {
        if (++connection == 1)
            return peer.send(event_stream_head + token_event(1) + token_event(2));
        peer.send(
            event_stream_head +
            "event: unavailable\ndata: "
            "{\"type\":\"/problems/token-unavailable\",\"status\":503,\"detail\":\"gone\"}\n\n" +
            token_event(3));
        peer.wait_for_close();
    });
    const std::string errors = std::filesystem::path(daemon.path()).replace_filename("errors");
    support::Process::Options options;
    options.argv = {TOKENCTL, "--socket", daemon.path(), "watch", "a"};
    options.error_file = errors;
    support::Process process(options);
    constexpr auto limit = std::chrono::seconds(20);
    for (const std::uint64_t generation : {1U, 2U, 3U})
        EXPECT_EQ(process.read_line(limit), token_json("a", "t", generation));
    process.kill();
    std::ifstream file(errors);
    std::string said;
    std::getline(file, said);
    EXPECT_EQ(said, "tokenctl: gone; see 'tokenctl status a'");
}

TEST(WatchCommand, ends_where_watching_is_no_use) {
    EXPECT_EQ(tokenctl_alone({"watch", "a"}).code, 6);
    const StubDaemon denies(StubDaemon::answering({problem(403, "access-denied", "no")}));
    EXPECT_EQ(tokenctl(denies, {"watch", "a"}).code, 4);
    const StubDaemon knows_not(StubDaemon::answering({problem(404, "unknown-account", "no")}));
    EXPECT_EQ(tokenctl(knows_not, {"watch", "a"}).code, 5);
}

}  // namespace
}  // namespace tokenbroker::cli
