#pragma once

#include "base/place.hpp"
#include "base/secret.hpp"

#include <string>
#include <variant>
#include <vector>

namespace tokenbroker {

// Where a secret comes from, as the configuration says. How it is read, and when, is the secrets
// room's.
struct SecretFile {
    std::string path;  // absolute
    bool operator==(const SecretFile&) const = default;
};
struct SecretCredential {
    std::string name;  // a file name in $CREDENTIALS_DIRECTORY: no '/', not "." or ".."
    bool operator==(const SecretCredential&) const = default;
};
struct SecretVariable {
    std::string name;  // of an environment variable
    bool operator==(const SecretVariable&) const = default;
};
struct SecretCommand {
    std::vector<std::string> arguments;  // the first is an absolute path
    bool operator==(const SecretCommand&) const = default;
};
struct SecretValue {
    Secret value;
    bool operator==(const SecretValue&) const = default;
};

struct SecretSource {
    std::variant<SecretFile, SecretCredential, SecretVariable, SecretCommand, SecretValue> from;
    Place place;  // for messages only

    // The same source, wherever it was written.
    bool operator==(const SecretSource& other) const { return from == other.from; }
};

// For messages: "file /etc/x", "credential x", "environment variable X", "command /bin/x", "plain
// value". Never the value, nor a command's arguments.
std::string describe(const SecretSource& source);

}  // namespace tokenbroker
