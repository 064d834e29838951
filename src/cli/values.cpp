#include "cli/values.hpp"

#include "client/text.hpp"

#include <charconv>

namespace tokenbroker::cli {

namespace {

client::Error wrong(std::string_view name, std::string_view value, std::string_view wanted) {
    return {client::ErrorKind::bad_request, std::string(name) + " wants " + std::string(wanted) +
                                                ", not '" + std::string(value) + "'"};
}

}  // namespace

client::Result<std::optional<client::Milliseconds>> duration_option(const Arguments& arguments,
                                                                    std::string_view name) {
    const auto text = arguments.value(name);
    if (!text) return std::optional<client::Milliseconds>();
    const auto duration = client::parse_duration(*text);
    if (!duration) return wrong(name, *text, "a number and one of ms, s, m, h, d (30s)");
    return duration;
}

client::Result<std::optional<std::uint64_t>> number_option(const Arguments& arguments,
                                                           std::string_view name) {
    const auto text = arguments.value(name);
    if (!text) return std::optional<std::uint64_t>();
    std::uint64_t number = 0;
    const char* last = text->data() + text->size();
    const auto [end, error] = std::from_chars(text->data(), last, number);
    if (error != std::errc() || end != last) return wrong(name, *text, "a whole number");
    return std::optional(number);
}

}  // namespace tokenbroker::cli
