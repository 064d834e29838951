#include "document/parse.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tokenbroker::document {
namespace {

// Either a value or a mistake, and places within the text.
void expect_sane(const std::string& text) {
    Mistakes mistakes;
    const auto value = parse(text, "f", mistakes);
    EXPECT_TRUE(value.has_value() || !mistakes.empty());
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const Mistake& mistake : mistakes.sorted()) {
        EXPECT_LE(mistake.place.line, lines + 1);
        EXPECT_LE(mistake.place.column, text.size() + 1);
    }
}

constexpr std::string_view sample = R"(# a comment
include: [ /etc/a, "b" ]
socket: { path: /run/x, mode: "0660" }
accounts:
  one:
    recipe: rossum   # another
    text: |
      two
      lines
    allow: [ { user: invoices }, any ]
    folded: >-
      a
      b
  ? explicit
  : &anchor value
  two: *anchor
)";

TEST(Parse, survives_every_cut) {
    for (std::size_t i = 0; i <= sample.size(); ++i)
        expect_sane(std::string(sample.substr(0, i)));
}

TEST(Parse, survives_random_edits) {
    std::mt19937 random(20240607);
    constexpr std::string_view spice = "[]{}:,-?&*!|>'\"%@`#~<\n\t \\a0\xC3\xA9\xFF";
    for (int round = 0; round < 4000; ++round) {
        std::string text(sample);
        const auto edits = 1 + random() % 8;
        for (unsigned i = 0; i < edits && !text.empty(); ++i) {
            const std::size_t at = random() % text.size();
            const char c = spice[random() % spice.size()];
            switch (random() % 4) {
                case 0:
                    text[at] = c;
                    break;
                case 1:
                    text.insert(at, 1, c);
                    break;
                case 2:
                    text.erase(at, 1 + random() % 10);
                    break;
                default:
                    text.insert(at, text.substr(random() % text.size(), random() % 40));
                    break;
            }
        }
        expect_sane(text);
    }
}

// Shapes that make careless parsers slow: each has to be read or refused in about linear time.
TEST(Parse, is_not_slow_on_hostile_shapes) {
    std::string many_lists;
    while (many_lists.size() < 500'000)
        many_lists += "- [ a, { b: c } ]\n";
    std::string many_keys;
    for (int i = 0; i < 40'000; ++i)
        many_keys += "k" + std::to_string(i) + ": 1\n";
    const std::vector<std::string> shapes{
        many_lists,
        many_keys,
        std::string(1'000'000, '['),
        std::string(1'000'000, '{'),
        std::string(500'000, '-'),
        "[" + std::string(300'000, ',') + "]",
        "a: " + std::string(1'000'000, '\n'),
        "\"" + std::string(1'000'000, '\\') + "\"",
        std::string(1'000'000, ' ') + "a",
        "a: |\n" + std::string(1'000'000, ' '),
        "? " + std::string(100'000, '?'),
    };
    for (const std::string& shape : shapes) {
        const auto start = std::chrono::steady_clock::now();
        expect_sane(shape);
        const auto took = std::chrono::steady_clock::now() - start;
        EXPECT_LT(took, std::chrono::seconds(20)) << shape.substr(0, 20);
    }
}

}  // namespace
}  // namespace tokenbroker::document
