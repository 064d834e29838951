#include "state/frames.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::state {
namespace {

using Fate = ParsedFrames::Fate;
using Records = std::vector<std::string>;

bool any(const std::string&) {
    return true;
}

ParsedFrames parse(const std::string& file) {
    return parse_frames(file, any);
}

const std::string begin(frames_begin);
const std::string one = encode_frame(1, {"alpha", "beta"});
const std::string two = encode_frame(2, {"gamma"});
const std::string three = encode_frame(3, {"delta"});

TEST(Frames, are_read_back_in_order) {
    const auto parsed = parse(begin + one + two);
    EXPECT_EQ(parsed.fate, Fate::whole);
    EXPECT_EQ(parsed.records, (Records{"alpha", "beta", "gamma"}));
    EXPECT_EQ(parsed.good_bytes, (begin + one + two).size());
    EXPECT_EQ(parsed.next_number, 3U);
}

TEST(Frames, of_a_file_with_none_are_none) {
    EXPECT_EQ(parse(begin).fate, Fate::whole);
    EXPECT_TRUE(parse(begin).records.empty());
}

TEST(Frames, cut_at_any_byte_keep_all_that_was_whole_before) {
    const std::string file = begin + one + two;
    for (std::size_t length = begin.size(); length < file.size(); ++length) {
        const auto parsed = parse(file.substr(0, length));
        const bool first_whole = length >= (begin + one).size();
        const bool between = length == begin.size() || length == (begin + one).size();
        EXPECT_EQ(parsed.fate, between ? Fate::whole : Fate::torn) << length;
        EXPECT_EQ(parsed.good_bytes, first_whole ? (begin + one).size() : begin.size()) << length;
        EXPECT_EQ(parsed.records.size(), first_whole ? 2U : 0U) << length;
    }
}

TEST(Frames, whose_last_bytes_became_zeros_in_a_power_cut_are_torn) {
    std::string file = begin + one + two;
    std::fill(file.end() - 20, file.end(), '\0');
    EXPECT_EQ(parse(file).fate, Fate::torn);
    EXPECT_EQ(parse(begin + one + std::string(4096, '\0')).fate, Fate::torn);
    EXPECT_EQ(parse(begin + one + std::string(4096, '\0')).records.size(), 2U);
}

TEST(Frames, with_any_bit_flipped_before_the_last_are_corrupt_and_never_passed_over) {
    const std::string file = begin + one + two;
    for (std::size_t at = 0; at < (begin + one).size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string flipped = file;
            flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ (1U << bit));
            const auto parsed = parse(flipped);
            EXPECT_TRUE(parsed.fate == Fate::corrupt || parsed.fate == Fate::future)
                << at << " " << bit;
            EXPECT_TRUE(parsed.records.empty()) << at << " " << bit;
        }
    }
}

TEST(Frames, with_a_bit_flipped_in_the_last_never_give_its_record) {
    const std::string file = begin + one + two;
    for (std::size_t at = (begin + one).size(); at < file.size(); ++at) {
        std::string flipped = file;
        flipped[at] = static_cast<char>(flipped[at] ^ 4);
        const auto parsed = parse(flipped);
        EXPECT_NE(parsed.fate, Fate::whole) << at;
        EXPECT_EQ(parsed.records, (Records{"alpha", "beta"})) << at;
    }
}

TEST(Frames, that_were_reordered_repeated_or_taken_out_are_corrupt) {
    for (const std::string& file : {begin + two + one, begin + one + one, begin + one + three,
                                    begin + two, begin + one + three + two}) {
        const auto parsed = parse(file);
        EXPECT_EQ(parsed.fate, Fate::corrupt);
        EXPECT_FALSE(parsed.detail.empty());
    }
}

TEST(Frames, of_a_newer_form_are_of_the_future) {
    EXPECT_EQ(parse("tokenbroker-ledger 2\nwhatever").fate, Fate::future);
    EXPECT_NE(parse("tokenbroker-ledger 2\n").detail.find("version 2"), std::string::npos);
}

TEST(Frames, of_a_file_that_is_none_are_corrupt) {
    for (const char* file : {"", "tokenbroker", "tokenbroker-ledger 1", "\n", "SQLite format 3"})
        EXPECT_EQ(parse(file).fate, Fate::corrupt) << file;
}

TEST(Frames, with_a_record_that_means_nothing_are_corrupt_from_there_on) {
    const auto parsed = parse_frames(begin + one + two + three,
                                     [](const std::string& record) { return record != "gamma"; });
    EXPECT_EQ(parsed.fate, Fate::corrupt);
    EXPECT_EQ(parsed.records, (Records{"alpha", "beta"}));
}

}  // namespace
}  // namespace tokenbroker::state
