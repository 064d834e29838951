#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/secret_source.hpp"
#include "host/variables.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace tokenbroker::secrets {

inline constexpr std::size_t longest_secret = std::size_t{64} * 1024;

struct Reading {
    Secret bytes;
    std::optional<struct stat> file;  // where it came from a file

    // Somebody but its owner and its group may read the file.
    [[nodiscard]] bool world_readable() const { return file && (file->st_mode & S_IROTH) != 0; }
    // The owner's group or others may write it, or others may read it: too open for a state key.
    [[nodiscard]] bool too_open_for_key() const { return file && (file->st_mode & 0027) != 0; }
};

// A secret's bytes as its source has them, nothing cut: a state key. Blocks (10 s at most, for a
// command). `account` is for a command's environment. Errors name the source, never the content:
// not_found, access_denied, too_large, invalid_input, timeout, io.
Result<Reading> read_raw(const SecretSource& source, const host::Variables& variables,
                         const std::string& account);

// A password: like read_raw, one trailing "\n" or "\r\n" cut; empty, or with a NUL in it:
// invalid_input.
Result<Reading> read_secret(const SecretSource& source, const host::Variables& variables,
                            const std::string& account);

// The file that a file or credential source stands for; none for the others, or without
// $CREDENTIALS_DIRECTORY.
std::optional<std::string> path_of(const SecretSource& source, const host::Variables& variables);

}  // namespace tokenbroker::secrets
