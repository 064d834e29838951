#include "config/permissions.hpp"

#include <array>
#include <cstdio>
#include <sys/stat.h>

namespace tokenbroker::config {
namespace {

// What nobody but the owner and, to read, the group may do with state.
constexpr mode_t private_mask = S_IWGRP | S_IRWXO;

std::string octal(mode_t mode) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04o", mode & 07777U);
    return text.data();
}

}  // namespace

void check_not_writable(const std::string& path, const Environment::Status& status,
                        const Place& place, Context& context) {
    if ((status.mode & S_IWOTH) == 0) return;
    context.mistakes.add(place, path + " may be written by everybody (mode " + octal(status.mode) +
                                    "); allowed is a file that only its owner and group may write");
}

void check_folder(const std::string& path, const Place& place, bool sticky_is_fine,
                  Context& context) {
    const auto status = context.environment.status(path);
    if (!status || (status->mode & S_IWOTH) == 0) return;
    if (sticky_is_fine && (status->mode & S_ISVTX) != 0) return;
    context.mistakes.add(place,
                         "everybody may put files into " + path + " (mode " + octal(status->mode) +
                             "); allowed is a folder that only its owner and group may write");
}

void check_private(const std::string& path, const std::string& what, const Place& place,
                   Context& context) {
    const auto status = context.environment.status(path);
    if (!status || (status->mode & private_mask) == 0) return;
    context.mistakes.add(
        place, what + " " + path + " is open to others (mode " + octal(status->mode) +
                   "); allowed is that only its owner, and to read its group, may use it");
}

void check_secret_file(const std::string& path, const Place& place, Context& context) {
    const auto status = context.environment.status(path);
    if (!status || (status->mode & S_IROTH) == 0) return;
    context.warnings.add(place, "the secret's file " + path + " can be read by everybody (mode " +
                                    octal(status->mode) + ")");
}

}  // namespace tokenbroker::config
