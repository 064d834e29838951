#include "api/wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

namespace tokenbroker::api {
namespace {

using std::chrono::seconds;

struct Entry final : Wheel::Entry {
    void on_deadline() override {
        ++rung;
        if (then) then();
    }
    int rung = 0;
    std::function<void()> then;
};

const BootTime start{std::chrono::hours(3)};

TEST(Wheel, rings_once_and_never_early) {
    Wheel wheel(start);
    Entry entry;
    wheel.set(entry, start + Milliseconds(2500));
    wheel.turn(start + seconds(2));
    EXPECT_EQ(entry.rung, 0);
    wheel.turn(start + seconds(3));
    EXPECT_EQ(entry.rung, 1);
    EXPECT_TRUE(wheel.empty());
    wheel.turn(start + seconds(600));
    EXPECT_EQ(entry.rung, 1);
}

TEST(Wheel, a_deadline_moved_away_rings_at_its_new_time_only) {
    Wheel wheel(start);
    Entry entry;
    wheel.set(entry, start + seconds(2));
    wheel.set(entry, start + seconds(10));
    for (int i = 1; i < 10; ++i)
        wheel.turn(start + seconds(i));
    EXPECT_EQ(entry.rung, 0);
    wheel.turn(start + seconds(10));
    EXPECT_EQ(entry.rung, 1);
}

TEST(Wheel, a_deadline_moved_nearer_rings_at_its_new_time) {
    Wheel wheel(start);
    Entry entry;
    wheel.set(entry, start + seconds(300));
    wheel.set(entry, start + seconds(2));
    wheel.turn(start + seconds(2));
    EXPECT_EQ(entry.rung, 1);
}

TEST(Wheel, deadlines_beyond_its_width_ring_in_time) {
    Wheel wheel(start);
    Entry entry;
    wheel.set(entry, start + seconds(86400));
    for (int i = 1; i < 86400; ++i)
        wheel.turn(start + seconds(i));
    EXPECT_EQ(entry.rung, 0);
    wheel.turn(start + seconds(86400));
    EXPECT_EQ(entry.rung, 1);
}

TEST(Wheel, finds_all_after_the_machine_slept) {
    Wheel wheel(start);
    std::vector<std::unique_ptr<Entry>> entries;
    for (int i = 0; i < 1000; ++i) {
        entries.push_back(std::make_unique<Entry>());
        wheel.set(*entries.back(), start + seconds(i));
    }
    wheel.turn(start + seconds(5000));
    for (const auto& entry : entries)
        ASSERT_EQ(entry->rung, 1);
    EXPECT_TRUE(wheel.empty());
}

TEST(Wheel, entries_may_go_and_come_while_it_turns) {
    Wheel wheel(start);
    auto victim = std::make_unique<Entry>();
    Entry killer;
    Entry again;
    killer.then = [&victim] { victim.reset(); };
    again.then = [&] {
        if (again.rung < 3) wheel.set(again, start + seconds(1 + again.rung));
    };
    wheel.set(killer, start + seconds(1));
    wheel.set(*victim, start + seconds(1));
    wheel.set(again, start + seconds(1));
    wheel.turn(start + seconds(1));
    EXPECT_EQ(victim, nullptr);
    EXPECT_EQ(again.rung, 1);
    wheel.turn(start + seconds(9));
    EXPECT_EQ(again.rung, 3);
    EXPECT_TRUE(wheel.empty());
}

TEST(Wheel, keeps_every_deadline_of_many_at_random) {
    Wheel wheel(start);
    std::mt19937 random(5);
    std::vector<std::unique_ptr<Entry>> entries;
    std::map<Entry*, BootTime> due;
    for (int i = 0; i < 200; ++i)
        entries.push_back(std::make_unique<Entry>());
    BootTime now = start;
    for (int step = 0; step < 3000; ++step) {
        Entry& entry = *entries[random() % entries.size()];
        const BootTime deadline = now + Milliseconds(1 + random() % 700'000);
        entry.rung = 0;
        due[&entry] = deadline;
        wheel.set(entry, deadline);
        now += Milliseconds(random() % 3000);
        wheel.turn(now);
        for (const auto& [known, when] : due) {
            if (when > now) {
                ASSERT_EQ(known->rung, 0) << "rang early";
            }
            if (when + seconds(1) <= now) {
                ASSERT_EQ(known->rung, 1) << "rang late or twice";
            }
        }
    }
}

}  // namespace
}  // namespace tokenbroker::api
