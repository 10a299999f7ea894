// SPDX-License-Identifier: BSD-3-Clause
#include "sync/absent_flows.h"

#include <algorithm>

namespace warren::sync {

RefusedFlows::RefusedFlows(const flow::SipKey& key) : key_(key), entries_(slots), routers_(slots) {}

void RefusedFlows::add(const Identity& identity, std::uint8_t router) {
    const std::uint64_t name = EndRecord::of(identity, EndCause::closed).name(key_);
    std::uint32_t slot = find(name);
    if (entries_[slot].name != 0) {
        erase(slot);
        slot = find(name);
    }
    if (size_ == capacity) return;
    entries_[slot] = {name, identity.hash(key_)};
    routers_[slot] = router;
    sums_[router].add(entries_[slot].identity);
    ++size_;
}

void RefusedFlows::forget(const EndRecord& end) {
    if (size_ == 0) return;
    const std::uint32_t slot = find(end.name(key_));
    if (entries_[slot].name != 0) erase(slot);
}

// An erasure may move another one into its slot, and around the end of the table.
void RefusedFlows::forget_router(std::uint8_t router) {
    for (std::uint32_t slot = 0; sums_[router].count != 0; slot = (slot + 1) % slots)
        while (entries_[slot].name != 0 && routers_[slot] == router)
            erase(slot);
}

void RefusedFlows::clear() {
    if (size_ == 0) return;
    std::ranges::fill(entries_, Entry{});
    sums_ = {};
    size_ = 0;
}

std::uint32_t RefusedFlows::find(std::uint64_t name) const {
    std::uint32_t slot = static_cast<std::uint32_t>(name) % slots;
    while (entries_[slot].name != 0 && entries_[slot].name != name)
        slot = (slot + 1) % slots;
    return slot;
}

// Entries behind it that it has displaced move up.
void RefusedFlows::erase(std::uint32_t slot) {
    sums_[routers_[slot]].remove(entries_[slot].identity);
    --size_;
    std::uint32_t hole = slot;
    for (std::uint32_t next = (slot + 1) % slots; entries_[next].name != 0;
         next = (next + 1) % slots) {
        const std::uint32_t home = static_cast<std::uint32_t>(entries_[next].name) % slots;
        if ((next - home) % slots < (next - hole) % slots) continue;
        entries_[hole] = entries_[next];
        routers_[hole] = routers_[next];
        hole = next;
    }
    entries_[hole] = {};
}

}  // namespace warren::sync
