// SPDX-License-Identifier: BSD-3-Clause
// persistence_timeout: to which server the clients of one group went last (IPVS calls the entries
// templates, ip_vs_sched_persist()). A group is a client's address cut to the granularity. An entry
// lives for its timeout after the last new flow, and a minute at a time longer while it has flows.
// Bounded, one allocation at construction. Full = bind() returns false and nothing changed.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "flow/hash.h"
#include "flow/tcp.h"
#include "net/address.h"

namespace warren::flow {

class Persistence {
  public:
    struct Group {
        net::IpAddress clients;  // cut: net::Prefix::network()
        std::uint16_t service = 0;

        friend bool operator==(const Group&, const Group&) = default;
    };
    static constexpr Tick extension = ticks_of_seconds(60);  // IPVS ip_vs_conn_expire()

    // Holds 3/4 of `slots` groups, a power of two. The hash is seeded: clients choose the keys.
    Persistence(std::uint32_t slots, const TupleHash& hash,
                std::pmr::memory_resource* memory = std::pmr::new_delete_resource());

    std::optional<std::uint16_t> server_of(const Group& group, Tick now) const;

    // A flow of the group goes to that server, and so will the next ones. `counted`: the flow has
    // been bound before (its first server did not take it).
    bool bind(const Group& group, std::uint16_t server, Tick timeout, Tick now,
              bool counted = false);
    // A flow that was bound has opened: the group is somebody. Until then it is remembered for its
    // flows' time only, for anybody can send a SYN under any address.
    void confirm(const Group& group);
    // A flow that was bound has ended.
    void release(const Group& group, Tick now);

    // ---- flow sync: entries without flows, which nothing else tells a peer of

    struct Left {
        Group group;
        std::uint16_t server = 0;
        Tick left = 0;  // until it is forgotten
    };
    // What a slot below end_slot() has of that. An entry may move, to lower slots but where a chain
    // wraps: whoever goes from the highest down misses at most such a one, until he comes again.
    std::optional<Left> left_at(std::uint32_t slot, Tick now) const;
    std::uint32_t end_slot() const;  // 0: there is no entry
    // A peer's. Flows of ours know better. False: it is full.
    bool restore(const Left& entry, Tick now);

    // Forgets what has expired in the next `slots` slots, round and round.
    void sweep(Tick now, std::uint32_t slots);

    std::uint32_t size() const { return size_; }
    std::uint32_t capacity() const { return static_cast<std::uint32_t>(entries_.size()) / 4 * 3; }

  private:
    struct Entry {
        Group group;
        std::uint16_t server = 0;
        std::uint32_t flows = 0;
        Tick deadline = 0;
        bool used = false;
        bool confirmed = false;
    };

    static bool is_alive(const Entry& entry, Tick now);
    std::uint32_t home_of(const Group& group) const;
    std::uint32_t next(std::uint32_t slot) const { return (slot + 1) & mask_; }
    std::uint32_t find(const Group& group) const;  // its slot, or the free one where it would go
    void erase(std::uint32_t slot);

    TupleHash hash_;
    std::pmr::vector<Entry> entries_;  // open addressing, linear probing
    std::uint32_t mask_;
    std::uint32_t size_ = 0;
    std::uint32_t swept_ = 0;
};

}  // namespace warren::flow
