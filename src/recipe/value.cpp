#include "recipe/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace tokenbroker::recipe {
namespace {

template <class Number>
Secret number_text(Number number) {
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    return Secret(
        std::string_view(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data())));
}

// Without an exponent where people would write none.
Secret double_text(double number) {
    if (std::abs(number) >= 1e15) return number_text(number);
    std::array<char, 400> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                   std::chars_format::fixed);
    return Secret(
        std::string_view(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data())));
}

struct AsText {
    Secret operator()(const Secret& text) const { return text; }
    Secret operator()(std::int64_t number) const { return number_text(number); }
    Secret operator()(std::uint64_t number) const { return number_text(number); }
    Secret operator()(double number) const { return double_text(number); }
    Secret operator()(bool truth) const { return Secret(truth ? "true" : "false"); }
    Secret operator()(Milliseconds duration) const {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
        return number_text(std::max<std::int64_t>(1, seconds));
    }
};

}  // namespace

Value Value::path(std::string_view text) {
    Value value = Value::text(text);
    value.path_ = true;
    return value;
}

Secret Value::as_text() const {
    return std::visit(AsText(), scalar_);
}

std::string Value::shown() const {
    if (secret_) return "***";
    if (const auto* duration = std::get_if<Milliseconds>(&scalar_))
        return format_duration(*duration);
    return std::string(as_text().reveal());
}

void Values::merge(const Values& newer) {
    for (const auto& [name, value] : newer.by_name_)
        set(name, value);
}

void Values::erase(std::string_view name) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) by_name_.erase(found);
}

const Value* Values::find(std::string_view name) const noexcept {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
}

std::vector<Secret> Values::secrets() const {
    std::vector<Secret> found;
    for (const auto& [name, value] : by_name_) {
        if (value.secret()) found.push_back(value.as_text());
    }
    return found;
}

}  // namespace tokenbroker::recipe
