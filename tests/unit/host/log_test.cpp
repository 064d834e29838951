#include "host/log.hpp"

#include "base/secret.hpp"
#include "host/log_render.hpp"
#include "support/temp_dir.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace tokenbroker::host {
namespace {

const WallTime noon(Milliseconds(1'795'305'600'007));

// A Secret is no value of a log line: not by accident, not by conversion.
static_assert(!std::is_constructible_v<LogField, std::string_view, Secret>);
static_assert(!std::is_constructible_v<LogField, std::string_view, const Secret&>);

LogRecord record(std::string_view message, std::initializer_list<LogField> fields) {
    return {noon, LogLevel::warn, "login_refused", message, fields};
}

TEST(LogRendering, for_a_terminal_is_one_line_with_fields) {
    EXPECT_EQ(render_terminal(record("the password was refused",
                                     {{"account", "acme"}, {"status", 401}, {"ok", false}}),
                              false),
              "2026-11-22T00:00:00.007Z warn  the password was refused event=login_refused "
              "account=acme status=401 "
              "ok=false\n");
}

TEST(LogRendering, quotes_values_that_would_read_as_something_else) {
    const std::string line = render_terminal(
        record("m", {{"b", "two words"}, {"c", "x=y"}, {"d", "say \"hi\""}, {"e", "back\\slash"}}),
        false);
    EXPECT_NE(line.find(R"( b="two words" c="x=y" d="say \"hi\"" e="back\\slash")"),
              std::string::npos)
        << line;
}

TEST(LogRendering, leaves_out_what_has_no_value) {
    const std::initializer_list<LogField> fields{
        {"cause", ""}, {"status", std::optional<int>()}, {"count", 0}};
    for (const std::string& text :
         {render_terminal(record("m", fields), false), render_json(record("m", fields)),
          render_journal(record("m", fields), "tokenbrokerd")}) {
        EXPECT_EQ(text.find("cause"), std::string::npos) << text;
        EXPECT_EQ(text.find("CAUSE"), std::string::npos) << text;
        EXPECT_EQ(text.find("status"), std::string::npos) << text;
        EXPECT_NE(text.find("count"), std::string::npos) << text;
    }
}

TEST(LogRendering, lets_no_value_forge_a_line_or_steer_a_terminal) {
    const std::string evil =
        std::string("x\nfake line\r\x1b[2J\x07\x7f\xc2\x9b") + std::string(1, '\0') + "\xff";
    for (const std::string& line : {render_terminal(record(evil, {{"account", evil}}), false),
                                    render_json(record(evil, {{"account", evil}}))}) {
        EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
        for (const char c : line.substr(0, line.size() - 1))
            EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << line;
        EXPECT_EQ(line.find('\xff'), std::string::npos);
    }
    EXPECT_EQ(render_terminal(record(evil, {}), false).find("\xc2\x9b"), std::string::npos);
}

TEST(LogRendering, colours_only_where_asked) {
    EXPECT_NE(render_terminal(record("m", {}), true).find("\x1b["), std::string::npos);
    EXPECT_EQ(render_terminal(record("m", {}), false).find('\x1b'), std::string::npos);
}

TEST(LogRendering, as_json_keeps_types) {
    const auto value = boost::json::parse(
        render_json(record("say \"hi\"", {{"account", "acme"},
                                          {"status", -1},
                                          {"generation", std::uint64_t{18446744073709551615U}},
                                          {"ok", true}})));
    const auto& object = value.as_object();
    EXPECT_EQ(object.at("time").as_string(), "2026-11-22T00:00:00.007Z");
    EXPECT_EQ(object.at("level").as_string(), "warn");
    EXPECT_EQ(object.at("event").as_string(), "login_refused");
    EXPECT_EQ(object.at("message").as_string(), "say \"hi\"");
    EXPECT_EQ(object.at("account").as_string(), "acme");
    EXPECT_EQ(object.at("status").as_int64(), -1);
    EXPECT_EQ(object.at("generation").as_uint64(), 18446744073709551615U);
    EXPECT_TRUE(object.at("ok").as_bool());
}

TEST(LogRendering, for_the_journal_has_fields_of_its_own) {
    const std::string entry =
        render_journal(record("m", {{"account", "a\nb"}, {"status", 401}}), "tokenbrokerd");
    EXPECT_NE(entry.find("MESSAGE=m account=\"a\\nb\" status=401\n"), std::string::npos) << entry;
    EXPECT_NE(entry.find("PRIORITY=4\n"), std::string::npos);
    EXPECT_NE(entry.find("SYSLOG_IDENTIFIER=tokenbrokerd\n"), std::string::npos);
    EXPECT_NE(entry.find("TOKENBROKER_EVENT=login_refused\n"), std::string::npos);
    EXPECT_NE(entry.find("TOKENBROKER_STATUS=401\n"), std::string::npos);
    // A value with a newline goes by its length, so that it can't add a field.
    EXPECT_NE(entry.find(std::string("TOKENBROKER_ACCOUNT\n\3\0\0\0\0\0\0\0a\nb\n", 20 + 8 + 4)),
              std::string::npos);
}

TEST(LogRendering, bounds_a_line) {
    const std::string huge(1'000'000, 'x');
    EXPECT_LT(render_json(record(huge, {{"account", huge}})).size(), 20'000U);
    EXPECT_LT(render_terminal(record(huge, {{"account", huge}}), false).size(), 20'000U);
    EXPECT_LT(render_journal(record(huge, {{"account", huge}}), "p").size(), 20'000U);
}

struct LoggerTest : testing::Test {
    LoggerTest() {
        EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
        options.format = LogFormat::json;
        options.program = "test";
        options.descriptor = pipe[1];
    }
    ~LoggerTest() override {
        ::close(pipe[0]);
        if (pipe[1] >= 0) ::close(pipe[1]);
    }
    std::string drain() {
        ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);
        std::string text;
        std::array<char, 65536> buffer{};
        for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
            text.append(buffer.data(), static_cast<std::size_t>(got));
        return text;
    }

    std::array<int, 2> pipe{-1, -1};
    LogOptions options;
};

TEST_F(LoggerTest, writes_what_is_at_least_as_important_as_its_level) {
    options.level = LogLevel::info;
    ProcessLogger log(options);
    log.debug("quiet", "not this");
    log.info("loud", "this");
    log.set_level(LogLevel::debug);
    log.debug("louder", "and this");
    ASSERT_TRUE(log.flush(std::chrono::seconds(10)));
    const std::string text = drain();
    EXPECT_EQ(text.find("not this"), std::string::npos);
    EXPECT_NE(text.find("\"this\""), std::string::npos);
    EXPECT_NE(text.find("and this"), std::string::npos);
    EXPECT_EQ(log.lost(), 0U);
}

TEST_F(LoggerTest, loses_the_oldest_lines_of_a_reader_that_stalls_counts_them_and_says_so) {
    options.queue = 16;
    const std::string filler(3000, 'x');
    constexpr int lines = 500;
    ProcessLogger log(options);
    // The pipe takes some twenty of these, and nobody reads: the rest must not hold us up.
    for (int i = 0; i < lines; ++i)
        log.info("line", filler, {{"number", i}});
    EXPECT_FALSE(log.flush(std::chrono::milliseconds(1)));
    EXPECT_GT(log.lost(), 0U);
    std::string text;
    while (!log.flush(std::chrono::milliseconds(20)))
        text += drain();
    text += drain();
    EXPECT_NE(text.find("log_lines_lost"), std::string::npos);
    EXPECT_NE(text.find("\"number\":499"), std::string::npos);
    const auto written = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    std::uint64_t confessions = 0;
    for (auto at = text.find("log_lines_lost"); at != std::string::npos;
         at = text.find("log_lines_lost", at + 1))
        ++confessions;
    EXPECT_EQ(written - confessions + log.lost(), std::uint64_t{lines});
}

TEST_F(LoggerTest, ends_although_nobody_reads) {
    {
        ProcessLogger log(options);
        for (int i = 0; i < 200; ++i)
            log.info("line", std::string(3000, 'x'));
        EXPECT_FALSE(log.flush(std::chrono::milliseconds(1)));
    }
    SUCCEED();
}

TEST_F(LoggerTest, counts_lines_that_cannot_be_written) {
    ProcessLogger log(options);
    ::signal(SIGPIPE, SIG_IGN);
    ::close(pipe[0]);
    log.info("line", "to nobody");
    ASSERT_TRUE(log.flush(std::chrono::seconds(10)));
    EXPECT_EQ(log.lost(), 1U);
    ASSERT_EQ(::open("/dev/null", O_RDONLY | O_CLOEXEC), pipe[0]);
}

int bind_datagrams(const std::string& path) {
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return socket;
}
std::string receive(int socket) {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
    return got < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
}

TEST_F(LoggerTest, speaks_to_the_journal_and_finds_it_again_after_its_restart) {
    const support::TempDir dir;
    options.format = LogFormat::journal;
    options.journal_socket = dir / "journal";
    ProcessLogger log(options);
    log.info("early", "nobody is there");
    ASSERT_TRUE(log.flush(std::chrono::seconds(10)));
    EXPECT_EQ(log.lost(), 1U);
    int journal = bind_datagrams(dir / "journal");
    log.info("one", "first", {{"account", "acme"}});
    ASSERT_TRUE(log.flush(std::chrono::seconds(10)));
    EXPECT_NE(receive(journal).find("TOKENBROKER_ACCOUNT=acme\n"), std::string::npos);
    ::close(journal);
    ::unlink((dir / "journal").c_str());
    journal = bind_datagrams(dir / "journal");
    log.info("two", "second");
    ASSERT_TRUE(log.flush(std::chrono::seconds(10)));
    EXPECT_NE(receive(journal).find("TOKENBROKER_EVENT=two\n"), std::string::npos);
    EXPECT_EQ(log.lost(), 1U);
    ::close(journal);
}

TEST_F(LoggerTest, chooses_its_format_by_what_stderr_is) {
    struct stat facts {};
    ASSERT_EQ(::fstat(pipe[1], &facts), 0);
    const std::string stream = std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino);
    const auto with = [](std::optional<std::string> value) {
        return [value](const char* name) -> std::optional<std::string> {
            return std::strcmp(name, "JOURNAL_STREAM") == 0 ? value : std::nullopt;
        };
    };
    EXPECT_EQ(choose_format(pipe[1], with(stream)), LogFormat::journal);
    EXPECT_EQ(choose_format(pipe[1], with("1:2")), LogFormat::json);
    EXPECT_EQ(choose_format(pipe[1], with(std::nullopt)), LogFormat::json);
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) GTEST_SKIP() << "no pseudo terminals here";
    EXPECT_EQ(choose_format(terminal, with(std::nullopt)), LogFormat::terminal);
    ::close(terminal);
}

}  // namespace
}  // namespace tokenbroker::host
