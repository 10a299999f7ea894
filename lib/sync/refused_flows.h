// SPDX-License-Identifier: BSD-3-Clause
// Flows of the peer that we could not take: they count as known when tables are compared. Bounded,
// one allocation at construction; beyond it they are not remembered, and the tables differ.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "flow/digest.h"
#include "sync/record.h"
#include "sync/router.h"

namespace warren::sync {

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

}  // namespace warren::sync
