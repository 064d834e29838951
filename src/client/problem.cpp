#include "client/json.hpp"
#include "client/text.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <tokenbroker/detail/wire.hpp>

namespace tokenbroker::client {

namespace {

ErrorKind kind_of(int status, std::string_view problem) {
    switch (status) {
        case 400:
            return ErrorKind::bad_request;
        case 403:
            return ErrorKind::access_denied;
        case 404:
            return problem == "unknown-account" ? ErrorKind::unknown_account : ErrorKind::failed;
        case 503:
            return ErrorKind::no_token;
        default:
            return ErrorKind::failed;
    }
}

// The name that /etc/passwd or /etc/group has for a number, else the number. They are read and the
// name service is not asked: it would load libraries of its own, which a program that is linked
// statically can't.
std::string name_of(const char* table, std::uint64_t number) {
    const std::string wanted = std::to_string(number);
    std::string name = wanted;
    FILE* file = std::fopen(table, "re");
    if (file == nullptr) return name;
    char* line = nullptr;
    std::size_t room = 0;
    while (getline(&line, &room, file) > 0) {
        // name:password:number:...
        const std::string_view entry(line);
        const auto first = entry.find(':');
        const auto second = first == entry.npos ? first : entry.find(':', first + 1);
        if (second == entry.npos) continue;
        const auto end = entry.find_first_of(":\n", second + 1);
        if (entry.substr(second + 1, end - second - 1) != wanted) continue;
        name = entry.substr(0, first);
        break;
    }
    std::free(line);
    std::fclose(file);
    return name;
}

// The nearest thing on the way to the socket that may be looked at says who is let in.
std::string who_may(std::string path) {
    struct stat info {};
    while (stat(path.c_str(), &info) != 0) {
        const auto slash = path.find_last_of('/');
        if (slash == std::string::npos || slash == 0) return "ask its administrator for access";
        path.resize(slash);
    }
    const mode_t access = S_ISDIR(info.st_mode) ? S_IXGRP : S_IWGRP;
    if ((info.st_mode & access) == 0) {
        return path + " is open to its owner " + name_of("/etc/passwd", info.st_uid) + " alone";
    }
    const std::string group = name_of("/etc/group", info.st_gid);
    return path + " is open to group " + group + ": have the user added to it ('usermod -aG " +
           group + " USER') and log in anew";
}

}  // namespace

Error to_error(const Answer& answer) {
    const auto document = Json::parse(answer.body).value_or(Json());
    constexpr std::string_view prefix = "/problems/";
    std::string_view name = document["type"].text();
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());

    const int status = answer.status != 0
                           ? answer.status
                           : static_cast<int>(document["status"].whole().value_or(0));
    std::string message = one_line(document["detail"].text());
    if (message.empty()) message = one_line(document["title"].text());
    if (message.empty()) message = "the daemon answered with status " + std::to_string(status);
    Error error(kind_of(status, name), std::move(message));
    error.status = status;
    error.problem = name;
    if (document.type() == Json::Type::object) error.body = answer.body;
    error.retry_after = answer.retry_after;
    return error;
}

namespace detail {

Error connect_error(const std::string& path, int error_number) {
    const std::string shown = one_line(path);
    switch (error_number) {
        case EACCES:
        case EPERM:
            return {ErrorKind::access_denied,
                    "no permission for the socket " + shown + ": " + who_may(path)};
        case ENOENT:
            return {ErrorKind::unreachable,
                    "there is no socket " + shown +
                        ": is tokenbrokerd running, and is this its socket?"};
        case ECONNREFUSED:
            return {ErrorKind::unreachable,
                    "nothing listens at " + shown + ": tokenbrokerd is not running"};
        case ENAMETOOLONG:
            return {ErrorKind::unreachable,
                    "the socket's path is longer than a Unix socket's may be: " + shown};
        case EAGAIN:
            return timeout_error(path, "took no connection");
        default:
            return {ErrorKind::unreachable,
                    "connecting to " + shown + ": " + strerrordesc_np(error_number)};
    }
}

Error timeout_error(const std::string& path, std::string_view what) {
    return {ErrorKind::unreachable,
            "the daemon at " + one_line(path) + " " + std::string(what) + " in time"};
}

Error lost_error(const std::string& path) {
    return {ErrorKind::unreachable,
            "the daemon at " + one_line(path) + " closed the connection before its answer ended"};
}

}  // namespace detail

}  // namespace tokenbroker::client
