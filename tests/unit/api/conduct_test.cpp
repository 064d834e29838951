#include "api/conduct.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ConductTest : public testing::Test {
protected:
    // Whether that answer shows that its user asks for what takes long.
    bool quick() { return conduct.is_slow(false, user, now); }
    bool slow() { return conduct.is_slow(true, user, now); }
    void quick(int times) {
        for (int i = 0; i < times; ++i)
            EXPECT_FALSE(quick());
    }

    Conduct conduct;
    BootTime now{seconds(100)};
    std::optional<uid_t> user = 1000;
};

TEST_F(ConductTest, who_asks_for_nothing_but_what_takes_long_is_told_by_the_fourth_answer) {
    EXPECT_FALSE(slow());
    EXPECT_FALSE(slow());
    EXPECT_FALSE(slow());
    EXPECT_TRUE(slow());
    EXPECT_TRUE(slow());
}

TEST_F(ConductTest, an_answer_in_seventeen_that_takes_long_is_chance) {
    for (int i = 0; i < 1000; ++i) {
        EXPECT_FALSE(slow());
        quick(16);
    }
}

TEST_F(ConductTest, one_in_eight_is_none) {
    int answers = 0;
    bool told = false;
    for (; !told && answers < 1000; answers += 8) {
        told = slow();
        quick(7);
    }
    EXPECT_TRUE(told);
    EXPECT_LT(answers, 64);
}

TEST_F(ConductTest, what_was_slow_a_second_ago_is_forgotten) {
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(slow());
        now += seconds(1);
    }
    EXPECT_FALSE(slow());
    EXPECT_FALSE(slow());
    EXPECT_FALSE(slow());
    now += milliseconds(999);
    EXPECT_TRUE(slow());
}

TEST_F(ConductTest, each_user_answers_for_himself) {
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(slow());
    user = 1001;
    EXPECT_FALSE(slow());
    quick(100);  // pays back nobody else's
    user = std::nullopt;
    EXPECT_FALSE(slow());
    user = 1000;
    EXPECT_TRUE(slow());
}

TEST_F(ConductTest, who_asked_much_is_decent_again_after_a_second) {
    EXPECT_TRUE(conduct.is_decent(user, now));
    conduct.asked_much(user, now);
    EXPECT_FALSE(conduct.is_decent(user, now + milliseconds(999)));
    EXPECT_TRUE(conduct.is_decent(std::nullopt, now));
    EXPECT_TRUE(conduct.is_decent(user, now + seconds(1)));
}

TEST_F(ConductTest, what_is_old_can_be_dropped_and_what_is_not_stays) {
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(slow());
    now += milliseconds(999);
    conduct.forget_old(now);
    EXPECT_TRUE(slow());
    now += seconds(1);
    conduct.forget_old(now);
    EXPECT_TRUE(conduct.is_decent(user, now));
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(slow());
    EXPECT_TRUE(slow());
}

}  // namespace
}  // namespace tokenbroker::api
