// SPDX-License-Identifier: BSD-3-Clause
#include "flow/persistence.h"

#include <bit>
#include <cassert>

namespace warren::flow {

Persistence::Persistence(std::uint32_t slots, const TupleHash& hash,
                         std::pmr::memory_resource* memory)
    : hash_(hash), entries_(slots, memory), mask_(slots - 1) {
    assert(slots >= 4 && std::has_single_bit(slots));
}

bool Persistence::is_alive(const Entry& entry, Tick now) {
    return entry.flows != 0 || static_cast<std::int32_t>(entry.deadline - now) > 0;
}

std::uint32_t Persistence::home_of(const Group& group) const {
    return static_cast<std::uint32_t>(hash_({group.clients, {}, net::Be16(group.service), {}})) &
           mask_;
}

// There is always a free slot.
std::uint32_t Persistence::find(const Group& group) const {
    std::uint32_t slot = home_of(group);
    while (entries_[slot].used && entries_[slot].group != group)
        slot = next(slot);
    return slot;
}

std::optional<std::uint16_t> Persistence::server_of(const Group& group, Tick now) const {
    const Entry& entry = entries_[find(group)];
    if (!entry.used || !is_alive(entry, now)) return std::nullopt;
    return entry.server;
}

bool Persistence::bind(const Group& group, std::uint16_t server, Tick timeout, Tick now,
                       bool counted) {
    Entry& entry = entries_[find(group)];
    if (!entry.used) {
        if (size_ == capacity()) return false;
        entry = {.group = group, .used = true};
        ++size_;
    }
    entry.server = server;
    entry.deadline = now + timeout;
    if (!counted) ++entry.flows;
    return true;
}

void Persistence::confirm(const Group& group) {
    Entry& entry = entries_[find(group)];
    entry.confirmed = entry.used;
}

// The extension that IPVS would be in now; without one the deadline stands.
void Persistence::release(const Group& group, Tick now) {
    const std::uint32_t slot = find(group);
    Entry& entry = entries_[slot];
    if (!entry.used || entry.flows == 0) return;
    --entry.flows;
    if (entry.flows == 0 && !entry.confirmed) return erase(slot);
    if (const auto late = static_cast<std::int32_t>(now - entry.deadline); late >= 0)
        entry.deadline += (static_cast<Tick>(late) / extension + 1) * extension;
}

std::uint32_t Persistence::end_slot() const {
    return size_ == 0 ? 0 : mask_ + 1;
}

std::optional<Persistence::Left> Persistence::left_at(std::uint32_t slot, Tick now) const {
    const Entry& entry = entries_[slot];
    if (!entry.used || entry.flows != 0 || !is_alive(entry, now)) return std::nullopt;
    return Left{entry.group, entry.server, entry.deadline - now};
}

bool Persistence::restore(const Left& left, Tick now) {
    Entry& entry = entries_[find(left.group)];
    if (entry.used && entry.flows != 0) return true;
    if (!entry.used) {
        if (size_ == capacity()) return false;
        ++size_;
    }
    entry = {.group = left.group,
             .server = left.server,
             .deadline = now + left.left,
             .used = true,
             .confirmed = true};
    return true;
}

void Persistence::sweep(Tick now, std::uint32_t slots) {
    for (; slots != 0 && size_ != 0; --slots) {
        if (entries_[swept_].used && !is_alive(entries_[swept_], now))
            erase(swept_);  // what moves here is looked at next
        else
            swept_ = next(swept_);
    }
}

// Moves up what could not be found behind the gap.
void Persistence::erase(std::uint32_t slot) {
    --size_;
    std::uint32_t gap = slot;
    for (std::uint32_t at = next(slot); entries_[at].used; at = next(at)) {
        const std::uint32_t home = home_of(entries_[at].group);
        if (((at - home) & mask_) < ((at - gap) & mask_)) continue;
        entries_[gap] = entries_[at];
        gap = at;
    }
    entries_[gap] = {};
}

}  // namespace warren::flow
