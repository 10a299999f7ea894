// SPDX-License-Identifier: BSD-3-Clause
// Hashing schedulers, sh and mh: a table of slots, each belonging to a server, and a client's key
// that leads to one. Made by the manager, read by all workers, never changed. A server that takes
// no new flows has no slots: its clients are served by the others. One that has slots and cannot
// take this flow (full, no next hop) means a refusal, or with IPVS's flag sh-fallback / mh-fallback
// another server, always the same for the same client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "balance/scheduler.h"

namespace warren::balance {

// A server of the service, in the service's order.
struct SlotOwner {
    std::uint64_t name = 0;     // the same in both warrens: client_key() of its address and port
    std::uint32_t weight = 0;   // effective; 0 = no slots
    std::uint32_t nominal = 0;  // as configured, without the health factor

    friend bool operator==(const SlotOwner&, const SlotOwner&) = default;
};

class SlotTable {
  public:
    static constexpr std::size_t source_hash_slots = 4096;
    static constexpr std::size_t maglev_slots = 65'537;  // a prime

    // Each slot goes to the server that bids most for it, by a hash of both and its weight
    // (rendezvous hashing, Thaler and Ravishankar 1998): a server that comes or goes moves its own
    // clients and nobody else's, a weight moves clients to or from its server only. Shares are off
    // by a few percent; IPVS's table of 256 is evener and moves nearly everybody.
    static SlotTable source_hash(std::span<const SlotOwner> owners);
    // Maglev (Eisenbud et al., NSDI 2016, 3.4), with weights: even, and a server that comes or goes
    // moves hardly any client but its own. `slots` must be prime.
    static SlotTable maglev(std::span<const SlotOwner> owners, std::size_t slots = maglev_slots);

    // Whether the table is still good for these: health factors move all the time, and each table
    // moves clients. It is not when a server got or lost its weight, its configured weight changed,
    // its weight is off by more than a quarter, or its factor is back at 1.0.
    bool fits(std::span<const SlotOwner> owners) const;

    // Index into the candidates, which are the owners with what each of them can take now.
    std::optional<std::size_t> pick(std::span<const Candidate> candidates, std::uint64_t client,
                                    bool fallback) const;

    std::span<const std::uint16_t> slots() const { return slots_; }

  private:
    SlotTable(std::span<const SlotOwner> owners, std::size_t slots);

    static constexpr std::uint16_t nobody = 0xffff;
    static constexpr unsigned rehashes = 16;

    std::vector<SlotOwner> owners_;
    std::vector<std::uint16_t> slots_;
};

}  // namespace warren::balance
