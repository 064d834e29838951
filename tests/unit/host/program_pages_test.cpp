#include "host/program_pages.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tokenbroker::host {
namespace {

// Relocated, and so in a page of the program that is not to be dropped.
const char* const words[] = {"kept", "over", "a", "drop"};

TEST(ProgramPages, are_resident_no_more_once_dropped_and_come_back_where_needed) {
    const std::size_t before = resident_program_bytes();
    ASSERT_GT(before, 0U);
    std::string text;
    drop_program_pages();
    EXPECT_LT(resident_program_bytes(), before);
    for (const char* word : words)
        text += word;
    EXPECT_EQ(text, "keptoveradrop");
}

}  // namespace
}  // namespace tokenbroker::host
