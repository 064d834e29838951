#pragma once

#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tokenbroker::api {

// The deadlines of many connections, to the second: never early, at most a second late. Moving a
// deadline further away, which every request does, costs a comparison: the entry is looked at when
// its old time comes.
class Wheel {
public:
    class Entry {
    public:
        Entry() = default;
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        virtual ~Entry() { unlink(); }

        // The deadline has passed; it is off the wheel now.
        virtual void on_deadline() = 0;

    private:
        friend class Wheel;
        void unlink() noexcept;

        Wheel* wheel_ = nullptr;  // where it is linked
        Entry* next_ = nullptr;
        Entry* previous_ = nullptr;
        BootTime deadline_ = BootTime::max();
        std::int64_t looked_at_ = 0;  // the second in which it is
    };

    explicit Wheel(BootTime now);
    Wheel(const Wheel&) = delete;
    Wheel& operator=(const Wheel&) = delete;
    ~Wheel();

    void set(Entry& entry, BootTime deadline) {
        entry.deadline_ = deadline;
        if (entry.wheel_ != nullptr && entry.looked_at_ <= second_after(deadline)) return;
        link(entry);
    }
    static void clear(Entry& entry) noexcept { entry.unlink(); }

    // Calls on_deadline() of every entry whose time has come. Entries may come and go meanwhile.
    void turn(BootTime now);
    [[nodiscard]] bool empty() const noexcept { return entries_ == 0; }

private:
    static constexpr std::int64_t slots = 512;

    // A ring that begins and ends in itself.
    class Ring final : public Entry {
    public:
        Ring() { next_of() = previous_of() = this; }
        void on_deadline() override {}
        Entry*& next_of() noexcept { return Wheel::next(*this); }
        Entry*& previous_of() noexcept { return Wheel::previous(*this); }
    };
    static Entry*& next(Entry& entry) noexcept { return entry.next_; }
    static Entry*& previous(Entry& entry) noexcept { return entry.previous_; }

    static std::int64_t second_after(BootTime time) noexcept {
        return std::chrono::ceil<std::chrono::seconds>(time.time_since_epoch()).count();
    }
    void link(Entry& entry);
    void turn_slot(std::int64_t second, BootTime now);

    std::array<Ring, slots> rings_;
    std::int64_t turned_;  // the last second that was looked at
    std::size_t entries_ = 0;
};

}  // namespace tokenbroker::api
