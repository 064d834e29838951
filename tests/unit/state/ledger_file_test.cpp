#include "state/ledger_file.hpp"

#include "support/await.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::state {
namespace {

namespace asio = boost::asio;

core::Stamp stamp(int second) {
    return {WallTime(std::chrono::seconds(second)), BootTime(std::chrono::seconds(second)), "boot"};
}
core::LedgerRecord attempt(std::uint64_t id) {
    core::AttemptRecord record;
    record.at = stamp(static_cast<int>(id));
    record.id = id;
    record.account = "acme";
    return record;
}

struct LedgerFileTest : testing::Test {
    Result<LedgerFile::Opened> open(LedgerFile& ledger) {
        return support::await(loop, ledger.open(stamp(1000)));
    }

    support::TempDir dir;
    std::string folder = dir.make_folder("state");
    asio::io_context loop{1};
    async::Offload offload{loop, 2};
};

TEST_F(LedgerFileTest, gives_back_what_was_appended) {
    {
        LedgerFile ledger(folder, offload);
        ASSERT_TRUE(open(ledger));
        ASSERT_TRUE(support::await(loop, ledger.append({attempt(1), attempt(2)})));
        ASSERT_TRUE(support::await(loop, ledger.append({attempt(3)})));
    }
    LedgerFile ledger(folder, offload);
    const auto opened = open(ledger);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->records,
              (std::vector<core::LedgerRecord>{attempt(1), attempt(2), attempt(3)}));
    EXPECT_FALSE(opened->lost);
}

TEST_F(LedgerFileTest, says_first_that_it_was_lost_where_it_could_not_be_read) {
    dir.write("state/ledger", "not a ledger");
    for (int start = 0; start < 2; ++start) {
        LedgerFile ledger(folder, offload);
        const auto opened = open(ledger);
        ASSERT_TRUE(opened);
        // The mark stays in the new file: a second start knows as well.
        ASSERT_EQ(opened->records.size(), 1U);
        EXPECT_EQ(opened->records.front(), core::LedgerRecord(core::LostRecord{stamp(1000)}));
        EXPECT_EQ(opened->lost, start == 0);
    }
}

TEST_F(LedgerFileTest, counts_a_kind_of_record_that_it_does_not_know_as_lost) {
    {
        RecordLog log(folder + "/ledger", offload, host::FileSystem::kernel());
        ASSERT_TRUE(support::await(loop, log.open("", [](const std::string&) { return true; })));
        ASSERT_TRUE(support::await(loop, log.append({R"({"kind":"of the future"})"})));
    }
    LedgerFile ledger(folder, offload);
    EXPECT_TRUE(open(ledger)->lost);
}

TEST_F(LedgerFileTest, wants_to_be_compacted_when_it_has_grown_and_not_right_after) {
    LedgerFile ledger(folder, offload);
    ASSERT_TRUE(open(ledger));
    EXPECT_FALSE(ledger.wants_compaction());
    std::uint64_t id = 0;
    while (!ledger.wants_compaction() && id < 100'000) {
        std::vector<core::LedgerRecord> many;
        for (int i = 0; i < 100; ++i)
            many.push_back(attempt(++id));
        ASSERT_TRUE(support::await(loop, ledger.append(many)));
    }
    EXPECT_LT(id, 100'000U);
    ASSERT_TRUE(support::await(loop, ledger.compact({attempt(id)})));
    EXPECT_FALSE(ledger.wants_compaction());
    LedgerFile next(folder, offload);
    EXPECT_EQ(open(next)->records, (std::vector<core::LedgerRecord>{attempt(id)}));
}

}  // namespace
}  // namespace tokenbroker::state
