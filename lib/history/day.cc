// SPDX-License-Identifier: BSD-3-Clause
#include "history/day.h"

#include <algorithm>

namespace warren::history {
namespace {

void add(std::uint16_t& sum, std::uint64_t seconds) {
    sum = static_cast<std::uint16_t>(std::min<std::uint64_t>(sum + seconds, 0xffff));
}

}  // namespace

void Day::go_on_to(std::uint64_t hour) {
    const std::uint64_t passed = std::min<std::uint64_t>(hour - newest_, hours);
    for (std::uint64_t i = 0; i < passed; ++i)
        slots_[(hour - i) % hours] = {};
    newest_ = hour;
}

void Day::take(const Sample& sample, std::uint64_t now_s) {
    const bool is_first = last_s_ == 0;
    const std::uint64_t passed_s = is_first ? 0 : std::min(now_s - last_s_, slot_s);
    last_s_ = now_s;
    go_on_to(now_s / slot_s);
    Slot& slot = slots_[newest_ % hours];
    add(slot.known_s, passed_s);
    if (sample.is_up) add(slot.up_s, passed_s);
    if (sample.is_master) add(slot.master_s, passed_s);
    if (standing_ != 0 && sample.standing != standing_) add(slot.flips, 1);
    standing_ = sample.standing;
}

Day::Sums Day::sums() const {
    Sums all;
    for (const Slot& slot : slots_) {
        all.known_s += slot.known_s;
        all.up_s += slot.up_s;
        all.master_s += slot.master_s;
        all.flips += slot.flips;
    }
    return all;
}

std::array<std::optional<unsigned>, Day::hours> Day::up_percents() const {
    std::array<std::optional<unsigned>, hours> all{};
    for (std::size_t i = 0; i < hours; ++i) {
        const Slot& slot = slots_[(newest_ + 1 + i) % hours];
        if (slot.known_s != 0) all[i] = slot.up_s * 100U / slot.known_s;
    }
    return all;
}

}  // namespace warren::history
