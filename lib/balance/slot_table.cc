// SPDX-License-Identifier: BSD-3-Clause
#include "balance/slot_table.h"

#include <algorithm>
#include <cmath>

#include "balance/client_key.h"

namespace warren::balance {
namespace {

// A server's way through all slots in an order of its own, and what it has saved for its next turn.
struct Walk {
    std::uint16_t owner;
    std::uint32_t weight;
    std::size_t at;
    std::size_t skip;
    std::uint64_t credit = 0;
};

// Off by more than a quarter of what it was.
bool is_far(std::uint32_t was, std::uint32_t now) {
    const std::uint64_t gap = std::max(was, now) - std::min(was, now);
    return gap * 4 > was;
}

// Exponentially distributed with the weight as rate: of several the first to arrive is each with
// the probability of its share, whoever else is there.
double arrival_at(std::size_t slot, const SlotOwner& owner) {
    constexpr double unit = 1.0 / (std::uint64_t{1} << 53);
    const std::uint64_t random = mix(mix(slot) ^ owner.name) >> 11;
    return -std::log((static_cast<double>(random) + 0.5) * unit) / owner.weight;
}

}  // namespace

SlotTable::SlotTable(std::span<const SlotOwner> owners, std::size_t slots)
    : owners_(owners.begin(), owners.end()), slots_(slots, nobody) {
    owners_.resize(std::min(owners_.size(), candidates_max));
}

SlotTable SlotTable::source_hash(std::span<const SlotOwner> owners) {
    SlotTable table(owners, source_hash_slots);
    for (std::size_t slot = 0; slot < table.slots_.size(); ++slot) {
        double least = HUGE_VAL;
        for (std::size_t i = 0; i < table.owners_.size(); ++i) {
            if (table.owners_[i].weight == 0) continue;
            const double arrival = arrival_at(slot, table.owners_[i]);
            if (arrival >= least) continue;
            least = arrival;
            table.slots_[slot] = static_cast<std::uint16_t>(i);
        }
    }
    return table;
}

// The paper's "Populate". A server of the greatest weight takes a slot each round, the others as
// often as their weight is of that.
SlotTable SlotTable::maglev(std::span<const SlotOwner> owners, std::size_t slots) {
    SlotTable table(owners, slots);
    std::vector<Walk> walks;
    std::uint64_t heaviest = 0;
    for (std::size_t i = 0; i < table.owners_.size(); ++i) {
        const SlotOwner& owner = table.owners_[i];
        if (owner.weight == 0) continue;
        heaviest = std::max<std::uint64_t>(heaviest, owner.weight);
        walks.push_back({static_cast<std::uint16_t>(i), owner.weight, mix(owner.name) % slots,
                         mix(~owner.name) % (slots - 1) + 1});
    }
    for (std::size_t left = walks.empty() ? 0 : slots; left != 0;) {
        for (Walk& walk : walks) {
            if ((walk.credit += walk.weight) < heaviest) continue;
            walk.credit -= heaviest;
            while (table.slots_[walk.at] != nobody)
                walk.at = (walk.at + walk.skip) % slots;
            table.slots_[walk.at] = walk.owner;
            if (--left == 0) break;
        }
    }
    return table;
}

bool SlotTable::fits(std::span<const SlotOwner> owners) const {
    return std::equal(owners_.begin(), owners_.end(), owners.begin(), owners.end(),
                      [](const SlotOwner& was, const SlotOwner& now) {
                          if (was.name != now.name || (was.weight == 0) != (now.weight == 0))
                              return false;
                          if (was.weight == now.weight) return true;
                          return was.nominal == now.nominal && now.weight != now.nominal &&
                                 !is_far(was.weight, now.weight);
                      });
}

std::optional<std::size_t> SlotTable::pick(std::span<const Candidate> candidates,
                                           std::uint64_t client, bool fallback) const {
    const auto can_take = [&](std::size_t i) {
        return i < candidates.size() && candidates[i].weight != 0;
    };
    std::uint64_t key = client;
    for (unsigned tries = fallback ? rehashes : 1; tries != 0; --tries, key = mix(key))
        if (const std::size_t owner = slots_[key % slots_.size()]; can_take(owner)) return owner;
    if (!fallback || candidates.empty()) return std::nullopt;
    for (std::size_t i = 0; i < candidates.size(); ++i)
        if (const std::size_t next = (key + i) % candidates.size(); can_take(next)) return next;
    return std::nullopt;
}

}  // namespace warren::balance
