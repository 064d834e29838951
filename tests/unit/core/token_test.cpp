#include "core/token.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace tokenbroker::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Moment start{WallTime(seconds(1'795'305'600)), BootTime(hours(1))};

Moment later(Milliseconds time, Milliseconds wall_step = Milliseconds(0)) {
    return {start.wall + time + wall_step, start.boot + time};
}

TokenClock relative(Milliseconds lifetime) {
    IssuedToken issued;
    issued.started = start;
    issued.source = ExpirySource::requested;
    issued.lifetime = lifetime;
    return TokenClock::issued(issued, 0, 0.5, "boot-1", start);
}

TokenClock stated(WallTime expires_at) {
    IssuedToken issued;
    issued.started = start;
    issued.source = ExpirySource::stated;
    issued.expires_at = expires_at;
    return TokenClock::issued(issued, 0, 0.5, "boot-1", start);
}

TEST(Generation, is_the_unix_time_or_one_more_than_the_last) {
    EXPECT_EQ(next_generation(0, start.wall), 1'795'305'600U);
    EXPECT_EQ(next_generation(1'795'305'600, start.wall), 1'795'305'601U);
    EXPECT_EQ(next_generation(9'999'999'999, start.wall), 10'000'000'000U);
    EXPECT_EQ(next_generation(3, WallTime(-hours(1))), 4U);
}

TEST(Token, is_not_served_after_the_whole_second_that_answers_name) {
    const Milliseconds odd = seconds(10) + Milliseconds(700);
    for (const TokenClock& token : {relative(odd), stated(start.wall + odd)}) {
        EXPECT_TRUE(token.valid(later(seconds(10) - Milliseconds(1))));
        EXPECT_FALSE(token.valid(later(seconds(10))));
        EXPECT_EQ(token.left(later(seconds(9))), seconds(1));
    }
}

TEST(Token, lives_from_its_request_to_its_expiry_and_not_at_it) {
    IssuedToken issued;
    issued.started = start;
    issued.lifetime = hours(1);
    const TokenClock token = TokenClock::issued(issued, 0, 0, "boot-1", later(seconds(3)));
    EXPECT_EQ(token.times().issued_at, start.wall);
    EXPECT_TRUE(token.valid(later(hours(1) - Milliseconds(1))));
    EXPECT_FALSE(token.valid(later(hours(1))));
    EXPECT_EQ(token.left(later(minutes(59))), minutes(1));
    EXPECT_EQ(token.left(later(hours(2))), Milliseconds(0));
}

TEST(Token, without_expiry_lives_for_good) {
    IssuedToken issued;
    issued.started = start;
    issued.source = ExpirySource::requested;
    const TokenClock token = TokenClock::issued(issued, 0, 0, "boot-1", start);
    EXPECT_EQ(token.times().source, ExpirySource::none);
    EXPECT_EQ(token.left(later(hours(24 * 3650))), forever);
    EXPECT_EQ(token.life(), forever);
}

TEST(Token, is_not_valid_before_its_issue) {
    EXPECT_FALSE(relative(hours(1)).valid(later(seconds(1), -minutes(5))));
}

TEST(Token, a_relative_expiry_follows_boot_time_whatever_the_wall_clock_does) {
    const TokenClock token = relative(hours(10));
    for (const Milliseconds step :
         {Milliseconds(minutes(7)), Milliseconds(-minutes(7)), Milliseconds(hours(24 * 730)),
          Milliseconds(-hours(24 * 730))}) {
        const Moment now = later(hours(2), step);
        const auto moved = token.reanchored(token.times().generation, now);
        ASSERT_TRUE(moved);
        EXPECT_TRUE(moved->valid(now));
        EXPECT_EQ(moved->left(now), hours(8));
        EXPECT_EQ(moved->times().expires_at, now.wall + hours(8));
        EXPECT_GT(moved->times().generation, token.times().generation);
        EXPECT_EQ(moved->times().first_generation, token.times().first_generation);
        EXPECT_FALSE(moved->valid(later(hours(10), step)));
    }
    EXPECT_FALSE(token.reanchored(1, later(hours(2), Milliseconds(999))));
}

TEST(Token, a_stated_expiry_follows_the_wall_clock_but_not_beyond_its_span) {
    const TokenClock token = stated(start.wall + hours(10));
    EXPECT_FALSE(token.valid(later(hours(1), hours(10))));
    const Moment set_back = later(hours(1), -hours(24 * 365));
    const auto moved = token.reanchored(token.times().generation, set_back);
    ASSERT_TRUE(moved);
    EXPECT_TRUE(moved->valid(set_back));
    EXPECT_EQ(moved->times().expires_at, start.wall + hours(10));
    EXPECT_FALSE(moved->valid(later(hours(10), -hours(24 * 365))));
}

TEST(Token, of_this_boot_is_as_it_was_after_a_restart) {
    const TokenClock token = relative(hours(10));
    const TokenClock loaded = TokenClock::loaded(token.times(), "boot-1", later(hours(3)));
    EXPECT_EQ(loaded.times(), token.times());
    EXPECT_EQ(loaded.left(later(hours(3))), hours(7));
}

TEST(Token, of_another_boot_is_placed_by_the_wall_clock) {
    const Moment now{start.wall + hours(3), BootTime(seconds(40))};
    const TokenClock loaded = TokenClock::loaded(relative(hours(10)).times(), "boot-2", now);
    EXPECT_TRUE(loaded.valid(now));
    EXPECT_EQ(loaded.left(now), hours(7));
    EXPECT_EQ(loaded.age(now), hours(3));
    EXPECT_EQ(loaded.life(), hours(10));
    const Moment set_on{now.wall + hours(8), now.boot + minutes(1)};
    EXPECT_FALSE(loaded.valid(set_on));
}

TEST(Token, of_another_boot_outlives_a_clock_that_is_set_back_and_mended) {
    const Moment now{start.wall + hours(3), BootTime(seconds(40))};
    const TokenClock loaded = TokenClock::loaded(relative(hours(10)).times(), "boot-2", now);
    const Moment back{now.wall - hours(24 * 730), now.boot + hours(1)};
    const auto moved = loaded.reanchored(loaded.times().generation, back);
    ASSERT_TRUE(moved);
    EXPECT_TRUE(moved->valid(back));
    EXPECT_EQ(moved->left(back), hours(6));
    EXPECT_EQ(moved->times().expires_at, back.wall + hours(6));
    const Moment mended{now.wall + hours(2), now.boot + hours(2)};
    const auto again = moved->reanchored(moved->times().generation, mended);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->times().expires_at, start.wall + hours(10));
    EXPECT_EQ(again->times().issued_at, start.wall);
}

TEST(Token, of_another_boot_never_gets_more_than_its_life_from_a_clock_that_stands_in_the_past) {
    const Moment now{start.wall - hours(24 * 3650), BootTime(seconds(40))};
    const TokenClock loaded = TokenClock::loaded(relative(hours(10)).times(), "boot-2", now);
    EXPECT_FALSE(loaded.valid(now));
    EXPECT_LE(loaded.left(now), hours(10));
    const Moment mended{start.wall + hours(3), now.boot + minutes(1)};
    const auto moved = loaded.reanchored(loaded.times().generation, mended);
    const TokenClock& token = moved ? *moved : loaded;
    EXPECT_TRUE(token.valid(mended));
    EXPECT_EQ(token.times().expires_at, start.wall + hours(10));
}

}  // namespace
}  // namespace tokenbroker::core
