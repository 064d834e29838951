#include "api/wheel.hpp"

#include <algorithm>

namespace tokenbroker::api {

void Wheel::Entry::unlink() noexcept {
    if (wheel_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    --wheel_->entries_;
    wheel_ = nullptr;
}

Wheel::Wheel(BootTime now)
    : turned_(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count()) {}

Wheel::~Wheel() {
    for (Ring& ring : rings_) {
        while (next(ring) != &ring)
            next(ring)->unlink();
    }
}

void Wheel::link(Entry& entry) {
    entry.unlink();
    // What is further away than the wheel is wide is looked at before its time, and put further.
    const std::int64_t second =
        std::clamp(second_after(entry.deadline_), turned_ + 1, turned_ + slots - 1);
    Ring& ring = rings_.at(static_cast<std::size_t>(second % slots));
    entry.wheel_ = this;
    entry.looked_at_ = second;
    entry.next_ = &ring;
    entry.previous_ = previous(ring);
    previous(ring)->next_ = &entry;
    previous(ring) = &entry;
    ++entries_;
}

void Wheel::turn(BootTime now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    // After a long sleep of the machine one turn through all slots finds everything.
    turned_ = std::max(turned_, second - slots);
    while (turned_ < second) {
        ++turned_;
        turn_slot(turned_, now);
    }
}

void Wheel::turn_slot(std::int64_t second, BootTime now) {
    Ring& ring = rings_.at(static_cast<std::size_t>(second % slots));
    // Taken off one by one: whatever on_deadline() does to the others, the ring stays whole. What
    // is linked anew goes to a later second, so into another ring.
    while (next(ring) != &ring) {
        Entry& entry = *next(ring);
        entry.unlink();
        if (entry.deadline_ <= now) {
            entry.on_deadline();
        } else {
            link(entry);
        }
    }
}

}  // namespace tokenbroker::api
