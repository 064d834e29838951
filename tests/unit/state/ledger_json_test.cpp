#include "state/ledger_json.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tokenbroker::state {
namespace {

const core::Stamp stamp{WallTime(Milliseconds(1'795'305'600'123)), BootTime(Milliseconds(-77)),
                        "boot-1"};

std::vector<core::LedgerRecord> one_of_each() {
    return {
        core::AttemptRecord{stamp, 18446744073709551615U, "acme", "realm", core::Cause::client,
                            true, Milliseconds(86'400'000)},
        core::OutcomeRecord{stamp, 7, "acme", "https://x", core::Verdict::throttled, true, 3, 2, 1,
                            Milliseconds(90'000), "login", 429, "busy \"now\"\nline two \xff"},
        core::OutcomeRecord{stamp, 8, "acme", "r", core::Verdict::ok, false, 0, 0, 0,
                            Milliseconds(0), "", std::nullopt, ""},
        core::ThrottleRecord{stamp, "realm", Milliseconds(1), 4},
        core::ThrottleClearedRecord{stamp, "realm"},
        core::SuspendedRecord{stamp, "acme", "f00d", "login", 401, "no"},
        core::ResumedRecord{stamp, "acme"},
        core::ClockRecord{stamp},
        core::LostRecord{stamp}};
}

TEST(LedgerJson, reads_back_every_kind_of_record_whole) {
    const auto records = one_of_each();
    ASSERT_EQ(records.size(), std::variant_size_v<core::LedgerRecord> + 1);
    for (const auto& record : records) {
        const std::string line = encode_record(record);
        EXPECT_EQ(line.find('\n'), std::string::npos);
        EXPECT_EQ(decode_record(line), record) << line;
    }
}

TEST(LedgerJson, takes_a_missing_member_as_its_default_and_leaves_out_an_unknown_one) {
    const auto record = decode_record(R"({"kind":"attempt","account":"a","colour":"blue"})");
    ASSERT_TRUE(record);
    core::AttemptRecord expected;
    expected.account = "a";
    EXPECT_EQ(*record, core::LedgerRecord(expected));
}

TEST(LedgerJson, does_not_guess) {
    for (const char* line :
         {"", "x", "[]", "{}", R"({"kind":"later"})", R"({"kind":1})",
          R"({"kind":"attempt","id":-1})", R"({"kind":"attempt","id":"1"})",
          R"({"kind":"attempt","cause":"whim"})", R"({"kind":"attempt","settled":0})",
          R"({"kind":"outcome","wait":1e30})", R"({"kind":"outcome","status":"x"})",
          R"({"kind":"outcome","failures":4294967296})"})
        EXPECT_FALSE(decode_record(line)) << line;
}

}  // namespace
}  // namespace tokenbroker::state
