#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace tokenbroker::metrics {

// How long things took, in fixed buckets from 5 us to 60 s. Adding one walks a few numbers: most
// are short.
class Histogram {
public:
    using Nanoseconds = std::chrono::nanoseconds;

    // Upper bounds of the buckets; what is longer is in the last one.
    static constexpr std::array<Nanoseconds, 16> bounds{
        Nanoseconds{5'000},         Nanoseconds{10'000},        Nanoseconds{25'000},
        Nanoseconds{50'000},        Nanoseconds{100'000},       Nanoseconds{250'000},
        Nanoseconds{500'000},       Nanoseconds{1'000'000},     Nanoseconds{5'000'000},
        Nanoseconds{25'000'000},    Nanoseconds{100'000'000},   Nanoseconds{500'000'000},
        Nanoseconds{1'000'000'000}, Nanoseconds{5'000'000'000}, Nanoseconds{30'000'000'000},
        Nanoseconds{60'000'000'000}};

    void add(Nanoseconds duration) noexcept {
        std::size_t bucket = 0;
        while (bucket < bounds.size() && duration > bounds[bucket])
            ++bucket;
        ++counts_[bucket];
        sum_ += duration;
    }

    // Not cumulative: counts()[i] took longer than bounds[i - 1] and at most bounds[i].
    [[nodiscard]] const std::array<std::uint64_t, bounds.size() + 1>& counts() const noexcept {
        return counts_;
    }
    [[nodiscard]] Nanoseconds sum() const noexcept { return sum_; }

private:
    std::array<std::uint64_t, bounds.size() + 1> counts_{};
    Nanoseconds sum_{};
};

}  // namespace tokenbroker::metrics
