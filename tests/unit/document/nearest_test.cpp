#include "document/nearest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tokenbroker::document {
namespace {

TEST(EditDistance, counts_insertions_deletions_replacements_and_swaps) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("abc", ""), 3U);
    EXPECT_EQ(edit_distance("acme", "acme"), 0U);
    EXPECT_EQ(edit_distance("pasword", "password"), 1U);
    EXPECT_EQ(edit_distance("passsword", "password"), 1U);
    EXPECT_EQ(edit_distance("pessword", "password"), 1U);
    EXPECT_EQ(edit_distance("apssword", "password"), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(EditDistance, is_the_same_in_both_directions) {
    constexpr std::array<std::string_view, 6> words{"", "a", "ab", "ba", "socket", "soket"};
    for (const auto left : words) {
        for (const auto right : words)
            EXPECT_EQ(edit_distance(left, right), edit_distance(right, left));
    }
}

constexpr std::array<std::string_view, 4> keys{"recipe", "base_url", "inputs", "tls"};

TEST(Nearest, finds_the_word_that_was_meant) {
    EXPECT_EQ(nearest("recepie", keys), "recipe");
    EXPECT_EQ(nearest("base-url", keys), "base_url");
    EXPECT_EQ(nearest("input", keys), "inputs");
    EXPECT_EQ(nearest("tsl", keys), "tls");
}

TEST(Nearest, is_silent_where_nothing_is_near) {
    EXPECT_EQ(nearest("password", keys), std::nullopt);
    EXPECT_EQ(nearest("x", keys), std::nullopt);
    EXPECT_EQ(nearest("", keys), std::nullopt);
    EXPECT_EQ(nearest(std::string(1'000'000, 'a'), keys), std::nullopt);
    EXPECT_EQ(nearest("anything", {}), std::nullopt);
}

TEST(Nearest, does_not_offer_a_word_that_shares_nothing) {
    constexpr std::array<std::string_view, 1> short_word{"a"};
    EXPECT_EQ(nearest("b", short_word), std::nullopt);
}

TEST(Suggest, names_the_nearest_word_and_all_that_are_allowed) {
    EXPECT_EQ(suggest("tsl", keys),
              "did you mean \"tls\"? allowed are: recipe, base_url, inputs, tls");
    EXPECT_EQ(suggest("zzz", keys), "allowed are: recipe, base_url, inputs, tls");
}

}  // namespace
}  // namespace tokenbroker::document
