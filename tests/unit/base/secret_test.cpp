#include "base/secret.hpp"

#include "base/log.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <ostream>
#include <type_traits>
#include <vector>

namespace tokenbroker {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
    out << value;
};

// The promise of the type, kept by the compiler.
static_assert(!Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_constructible_v<LogField, std::string_view, Secret>);

std::vector<std::string> released;

void* allocate(std::size_t bytes) {
    return ::operator new(bytes);
}
void release(void* memory, std::size_t bytes) noexcept {
    released.emplace_back(static_cast<const char*>(memory), bytes);
    ::operator delete(memory);
}

class SecretTest : public testing::Test {
protected:
    SecretTest() {
        released.clear();
        use_secret_memory({&allocate, &release});
    }
};

TEST_F(SecretTest, is_wiped_before_its_memory_is_given_back) {
    { const Secret secret("hunter22"); }
    EXPECT_EQ(released, std::vector{std::string(8, '\0')});
}

TEST_F(SecretTest, is_wiped_when_assigned_over) {
    Secret secret("hunter22");
    secret = Secret("other");
    EXPECT_EQ(released, std::vector{std::string(8, '\0')});
    EXPECT_EQ(secret.reveal(), "other");
}

TEST_F(SecretTest, moves_without_a_copy) {
    Secret secret("hunter22");
    const char* before = secret.reveal().data();
    const Secret moved(std::move(secret));
    EXPECT_EQ(moved.reveal().data(), before);
}

TEST_F(SecretTest, is_assigned_to_itself_unharmed) {
    Secret secret("hunter22");
    const Secret& same = secret;
    secret = same;
    EXPECT_EQ(secret.reveal(), "hunter22");
}

TEST_F(SecretTest, compares_by_content) {
    EXPECT_TRUE(Secret("a") == Secret("a"));
    EXPECT_FALSE(Secret("a") == Secret("b"));
    EXPECT_FALSE(Secret("a") == Secret("ab"));
    EXPECT_FALSE(Secret(std::string_view("a\0", 2)) == Secret("a"));
    EXPECT_TRUE(Secret() == Secret(""));
}

}  // namespace
}  // namespace tokenbroker
