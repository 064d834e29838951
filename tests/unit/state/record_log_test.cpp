#include "state/record_log.hpp"

#include "async/nursery.hpp"
#include "state/frames.hpp"
#include "support/await.hpp"
#include "support/faulty_files.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace tokenbroker::state {
namespace {

namespace asio = boost::asio;
using Records = RecordLog::Records;

bool any(const std::string&) {
    return true;
}

// One process's view of the file; what the next one sees is a new one.
struct Session {
    explicit Session(const std::string& path) : log(path, offload, files) {}

    Result<RecordLog::Opened> open() { return support::await(loop, log.open("LOST", any)); }
    Result<void> append(Records records) {
        return support::await(loop, log.append(std::move(records)));
    }
    Result<void> replace(Records records) {
        return support::await(loop, log.replace(std::move(records)));
    }

    asio::io_context loop{1};
    async::Offload offload{loop, 4};
    support::FaultyFiles files;
    RecordLog log;
};

struct RecordLogTest : testing::Test {
    [[nodiscard]] Records read() const {
        Session next(path);
        auto opened = next.open();
        EXPECT_TRUE(opened.has_value());
        EXPECT_FALSE(opened->lost) << opened->detail;
        return opened->records;
    }

    support::TempDir dir;
    std::string path = dir.make_folder("state") + "/ledger";
};

TEST_F(RecordLogTest, has_nothing_in_it_at_first) {
    Session first(path);
    const auto opened = first.open();
    ASSERT_TRUE(opened.has_value());
    EXPECT_TRUE(opened->records.empty());
    EXPECT_FALSE(opened->lost);
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

TEST_F(RecordLogTest, keeps_what_was_appended_over_processes) {
    {
        Session first(path);
        ASSERT_TRUE(first.open());
        EXPECT_TRUE(first.append({"a", "b"}));
        EXPECT_TRUE(first.append({"c"}));
    }
    Session second(path);
    EXPECT_EQ(second.open()->records, (Records{"a", "b", "c"}));
    EXPECT_TRUE(second.append({"d"}));
    EXPECT_EQ(read(), (Records{"a", "b", "c", "d"}));
}

TEST_F(RecordLogTest, takes_nothing_before_it_was_opened) {
    Session session(path);
    EXPECT_FALSE(session.append({"a"}));
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(RecordLogTest, shares_a_sync_among_appends_that_wait_together) {
    Session session(path);
    ASSERT_TRUE(session.open());
    session.files.syncs = 0;
    constexpr std::size_t callers = 100;
    std::vector<std::optional<Result<void>>> results(callers);
    for (std::size_t i = 0; i < callers; ++i)
        support::start(session.loop, session.log.append({std::to_string(i)}), results[i]);
    session.loop.restart();
    session.loop.run();
    for (const auto& result : results)
        EXPECT_TRUE(result && result->has_value());
    EXPECT_LT(session.files.syncs, callers);
    Records all = read();
    ASSERT_EQ(all.size(), callers);
    // In the order of the calls.
    for (std::size_t i = 0; i < callers; ++i)
        EXPECT_EQ(all[i], std::to_string(i));
}

TEST_F(RecordLogTest, finishes_an_append_whose_caller_was_cancelled) {
    Session session(path);
    ASSERT_TRUE(session.open());
    async::Nursery nursery(session.loop.get_executor());
    std::optional<Result<void>> result;
    nursery.spawn("append", support::keep_result(session.log.append({"kept"}), result));
    session.loop.restart();
    session.loop.run_one();
    nursery.cancel();
    session.loop.run();
    EXPECT_EQ(read(), (Records{"kept"}));
}

TEST_F(RecordLogTest, cuts_off_a_write_that_was_cut_short_and_goes_on_behind_it) {
    {
        Session first(path);
        ASSERT_TRUE(first.open());
        ASSERT_TRUE(first.append({"durable"}));
    }
    const std::string whole = support::read_file(path);
    const std::string frame = encode_frame(2, {"never confirmed"});
    for (std::size_t length = 1; length < frame.size(); ++length) {
        std::filesystem::remove(path);
        dir.write("state/ledger", whole + frame.substr(0, length));
        Session next(path);
        const auto opened = next.open();
        ASSERT_TRUE(opened.has_value());
        EXPECT_FALSE(opened->lost);
        EXPECT_EQ(opened->torn_bytes, length);
        EXPECT_EQ(opened->records, (Records{"durable"}));
        ASSERT_TRUE(next.append({"later"}));
        EXPECT_EQ(read(), (Records{"durable", "later"}));
    }
}

TEST_F(RecordLogTest, sets_aside_what_it_cannot_read_and_keeps_what_was_before_it) {
    dir.write("state/ledger",
              std::string(frames_begin) + encode_frame(1, {"good"}) + encode_frame(3, {"moved"}));
    const std::string before = support::read_file(path);
    {
        Session session(path);
        const auto opened = session.open();
        ASSERT_TRUE(opened.has_value());
        EXPECT_TRUE(opened->lost);
        EXPECT_EQ(opened->records, (Records{"good"}));
        EXPECT_EQ(opened->set_aside, path + ".bad-1");
        EXPECT_EQ(support::read_file(opened->set_aside), before);
        ASSERT_TRUE(session.append({"new"}));
    }
    EXPECT_EQ(read(), (Records{"LOST", "good", "new"}));
    dir.write("state/ledger", "tokenbroker-ledger 9\n");
    Session future(path);
    EXPECT_EQ(future.open()->set_aside, path + ".bad-2");
}

TEST_F(RecordLogTest, says_where_a_full_disk_kept_it_unwritten_and_takes_nothing_before_it_is) {
    for (const bool damaged : {false, true}) {
        for (const auto& entry : std::filesystem::directory_iterator(dir / "state"))
            std::filesystem::remove(entry);
        if (damaged) dir.write("state/ledger", "no ledger");
        Session session(path);
        // Reading and naming work; the first call that writes does not.
        bool reached = true;
        bool unwritten = false;
        for (unsigned call = 1; reached && !unwritten; ++call) {
            session.files.fail(call, ENOSPC, true);
            const auto opened = session.open();
            ASSERT_TRUE(opened.has_value());
            unwritten = opened->unwritten && (opened->lost == damaged);
            reached = session.files.failed();
        }
        ASSERT_TRUE(unwritten);
        EXPECT_FALSE(session.append({"login"}));
        session.files.heal();
        EXPECT_FALSE(session.append({"login"}));
        ASSERT_TRUE(session.replace({"all"}));
        ASSERT_TRUE(session.append({"login"}));
        EXPECT_EQ(read(), (Records{"all", "login"}));
    }
}

TEST_F(RecordLogTest, is_replaced_as_a_whole) {
    Session session(path);
    ASSERT_TRUE(session.open());
    for (int i = 0; i < 50; ++i)
        ASSERT_TRUE(session.append({"record " + std::to_string(i)}));
    const auto before = session.log.size();
    ASSERT_TRUE(session.replace({"the sum"}));
    EXPECT_LT(session.log.size(), before);
    EXPECT_EQ(session.log.size(), std::filesystem::file_size(path));
    EXPECT_EQ(session.log.size_at_first(), session.log.size());
    ASSERT_TRUE(session.append({"after"}));
    EXPECT_EQ(read(), (Records{"the sum", "after"}));
}

// behaviour.md 22: what was confirmed is there, what was reported as failed is not, whatever call
// failed.
struct FaultCase {
    int error = 0;
    bool torn = false;
    bool for_good = false;
};
struct RecordLogFaults : RecordLogTest, testing::WithParamInterface<FaultCase> {};

TEST_P(RecordLogFaults, in_an_append_lose_nothing_confirmed_and_leave_nothing_refused) {
    const FaultCase fault = GetParam();
    bool reached = true;
    for (unsigned call = 1; reached; ++call) {
        std::filesystem::remove(path);
        Records confirmed;
        {
            Session session(path);
            ASSERT_TRUE(session.open());
            ASSERT_TRUE(session.append({"before"}));
            if (fault.torn) session.files.tear_writes();
            session.files.fail(call, fault.error, fault.for_good);
            confirmed = {"before"};
            if (session.append({"during"})) confirmed.emplace_back("during");
            reached = session.files.failed();
            session.files.heal();
            const bool went_on = session.append({"after"}).has_value();
            EXPECT_TRUE(went_on) << "call " << call;
            if (went_on) confirmed.emplace_back("after");
        }
        EXPECT_EQ(read(), confirmed) << "call " << call;
    }
}

TEST_P(RecordLogFaults, in_a_replacement_leave_the_old_records_or_the_new_ones) {
    const FaultCase fault = GetParam();
    bool reached = true;
    for (unsigned call = 1; reached; ++call) {
        std::filesystem::remove(path);
        bool replaced = false;
        bool appended = false;
        {
            Session session(path);
            ASSERT_TRUE(session.open());
            ASSERT_TRUE(session.append({"old"}));
            session.files.fail(call, fault.error, fault.for_good);
            replaced = session.replace({"new"}).has_value();
            reached = session.files.failed();
            session.files.heal();
            appended = session.append({"after"}).has_value();
        }
        EXPECT_TRUE(appended) << "call " << call;
        const Records found = read();
        ASSERT_EQ(found.size(), 2U) << "call " << call;
        if (replaced) {
            EXPECT_EQ(found.front(), "new") << "call " << call;
        }
        EXPECT_TRUE(found.front() == "old" || found.front() == "new") << "call " << call;
        EXPECT_EQ(found.back(), "after") << "call " << call;
    }
}

TEST_P(RecordLogFaults, while_it_is_opened_lose_nothing) {
    const FaultCase fault = GetParam();
    const std::string bad =
        std::string(frames_begin) + encode_frame(1, {"good"}) + "F x" + encode_frame(2, {"later"});
    const std::string torn = std::string(frames_begin) + encode_frame(1, {"good"}) + "F 00";
    for (const std::string& content : {bad, torn}) {
        bool reached = true;
        for (unsigned call = 1; reached; ++call) {
            for (const auto& entry : std::filesystem::directory_iterator(dir / "state"))
                std::filesystem::remove(entry);
            dir.write("state/ledger", content);
            Session session(path);
            session.files.fail(call, fault.error, fault.for_good);
            const auto opened = session.open();
            reached = session.files.failed();
            session.files.heal();
            ASSERT_TRUE(opened.has_value()) << "call " << call << ": " << opened.error().message();
            if (content == bad) {
                EXPECT_TRUE(opened->lost) << "call " << call;
            } else if (!fault.for_good) {
                EXPECT_FALSE(opened->lost) << "a fault that passes costs no budget; call " << call;
            }
            if (opened->unwritten) {
                Records whole = opened->records;
                if (opened->lost) whole.insert(whole.begin(), "LOST");
                ASSERT_TRUE(session.replace(whole).has_value()) << "call " << call;
            }
            ASSERT_TRUE(session.append({"new"}).has_value());
            Session next(path);
            const auto again = next.open();
            ASSERT_TRUE(again.has_value());
            EXPECT_EQ(again->records.back(), "new");
            const bool marked = again->records.front() == "LOST";
            const bool has_good =
                std::count(again->records.begin(), again->records.end(), "good") == 1;
            EXPECT_TRUE(marked || (has_good && content == torn)) << "call " << call;
            if (marked) {
                EXPECT_EQ(support::read_file(path + ".bad-1"), content) << "call " << call;
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Errors, RecordLogFaults,
                         testing::Values(FaultCase{ENOSPC, false, false},
                                         FaultCase{ENOSPC, true, false},
                                         FaultCase{EIO, false, false}, FaultCase{EIO, true, false},
                                         FaultCase{EACCES, false, false},
                                         FaultCase{EIO, true, true},
                                         FaultCase{ENOSPC, true, true}));

}  // namespace
}  // namespace tokenbroker::state
