#pragma once

#include <string>
#include <string_view>
#include <tokenbroker/client.hpp>

namespace tokenbroker::cli {

// Exit codes beside those of client::ErrorKind.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_no_token = 3;

// Writes all of it to standard output: exit_done, or exit_failed after it said why not.
int print(std::string_view text);
// "tokenctl: MESSAGE" as one line on standard error. Returns `code`.
int fail(int code, std::string_view message);
// The same for what a call to the daemon came to, with what to do about it. `account` may be empty.
int fail(const client::Error& error, std::string_view account);
std::string explain(const client::Error& error, std::string_view account);

enum class Colour { none, red, green, yellow, bold };
// Whether output to this descriptor is coloured: a terminal, and NO_COLOR is not set.
bool coloured(int descriptor);
std::string paint(Colour colour, std::string_view text);

}  // namespace tokenbroker::cli
