// SPDX-License-Identifier: BSD-3-Clause
// Flows of the peer that are not in our tables: refused, or ended lately.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "flow/digest.h"
#include "net/bytes.h"
#include "net/mix.h"
#include "sync/record.h"
#include "sync/router.h"

namespace warren::sync {

// Flows of the peer that we could not take: they count as known when tables are compared. Bounded,
// one allocation at construction; beyond it they are not remembered, and the tables differ.
class RefusedFlows {
  public:
    static constexpr std::uint32_t capacity = 65'536;

    explicit RefusedFlows(const flow::SipKey& key);

    // `router`: its slot, below max_routers.
    void add(const Identity& identity, std::uint8_t router);
    void forget(const EndRecord& end);  // and what was refused before under the same name
    void forget_router(std::uint8_t router);
    void clear();

    const flow::FlowSum& of_router(std::uint8_t router) const { return sums_[router]; }
    std::uint32_t size() const { return size_; }

  private:
    struct Entry {
        std::uint64_t name = 0;  // EndRecord::name(); 0: free
        std::uint64_t identity = 0;
    };
    static constexpr std::uint32_t slots = 2 * capacity;

    std::uint32_t find(std::uint64_t name) const;  // its slot, or where it would go
    void erase(std::uint32_t slot);

    flow::SipKey key_;
    std::vector<Entry> entries_;         // open addressing, linear probing
    std::vector<std::uint8_t> routers_;  // of each entry
    std::array<flow::FlowSum, max_routers> sums_{};
    std::uint32_t size_ = 0;
};

// Which flows the peer has ended lately, and with which sequence: a record from before that has
// been overtaken must not bring such a flow back, nor a worker's word that it was refused. One that
// has been forgotten comes back until the digest tells. Each has its place by its client, so that
// most flows of a bulk need no name.
class RecentEnds {
  public:
    using Place = std::size_t;
    static Place place_of(const net::IpAddress& client, net::Be16 port) {
        const auto low = net::load<std::uint32_t>(client.bytes(), 12);
        return net::mix_bits(std::uint64_t{low} << 16 | port.raw()) % capacity;
    }

    void clear() { ends_.fill({}); }
    bool has_any_at(Place place) const { return ends_[place].name != 0; }
    // `name`: EndRecord::name().
    void note(Place place, std::uint64_t name, std::uint64_t sequence) {
        End& end = ends_[place];
        end.sequence = end.name == name ? std::max(end.sequence, sequence) : sequence;
        end.name = name;
    }
    bool has_ended_after(Place place, std::uint64_t name, std::uint64_t sequence) const {
        return has(place, name) && ends_[place].sequence > sequence;
    }
    bool has(Place place, std::uint64_t name) const { return ends_[place].name == name; }
    // It is there again.
    void forget(Place place, std::uint64_t name) {
        if (has(place, name)) ends_[place] = {};
    }

  private:
    static constexpr std::size_t capacity = 4'096;
    struct End {
        std::uint64_t name = 0;
        std::uint64_t sequence = 0;
    };
    std::array<End, capacity> ends_{};
};

}  // namespace warren::sync
