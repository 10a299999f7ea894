// SPDX-License-Identifier: BSD-3-Clause
#include "flow/spread.h"

#include <cassert>

#include "net/mix.h"

namespace warren::flow {
namespace {

constexpr std::array<bool, 2> families_are_v4{true, false};

std::uint32_t entry_of_port(const Spread::EntryHash& hash, bool is_v4, std::uint32_t port) {
    return hash.destination_port(is_v4, net::Be16(static_cast<std::uint16_t>(port))) %
           Spread::entries;
}

// Whether each block of 1,024 ports has as many ports for every entry: the entries of the ten low
// bits are a basis of all. XOR elimination.
bool spreads_evenly(const Spread::EntryHash& hash, bool is_v4) {
    std::array<std::uint32_t, 7> basis{};
    unsigned rank = 0;
    for (std::uint32_t bit = 1; bit < first_local_port; bit <<= 1) {
        std::uint32_t entry = entry_of_port(hash, is_v4, bit);
        for (unsigned i = 0; i < basis.size() && entry != 0; ++i) {
            if ((entry >> i & 1) == 0) continue;
            if (basis[i] != 0) {
                entry ^= basis[i];
                continue;
            }
            basis[i] = entry;
            ++rank;
            entry = 0;
        }
    }
    return rank == basis.size();
}

}  // namespace

// Three keys in four will do.
net::RssKey Spread::key_of(std::uint64_t seed) {
    for (;;) {
        net::RssKey key{};
        for (std::uint8_t& byte : key)
            byte = static_cast<std::uint8_t>(net::split_mix(seed) >> 56);
        const Spread::EntryHash hash(key);
        if (spreads_evenly(hash, true) && spreads_evenly(hash, false)) return key;
    }
}

Spread::Spread(const net::RssKey& key, unsigned workers)
    : key_(key), hash_(key), workers_(workers), blocks_(families_are_v4.size()) {
    assert(workers >= 1 && workers <= entries);
    for (unsigned entry = 0; entry < entries; ++entry)
        owners_[entry] = static_cast<std::uint8_t>(entry % workers);
    for (std::size_t family = 0; family < families_are_v4.size(); ++family) {
        std::array<std::uint32_t, 256> of_low{};
        for (std::uint32_t low = 0; low < of_low.size(); ++low)
            of_low[low] = entry_of_port(hash_, families_are_v4[family], low);
        std::array<std::uint32_t, entries> filled{};
        for (std::uint32_t high = first_local_port; high < end_of_ports; high += of_low.size()) {
            const std::uint32_t of_high = entry_of_port(hash_, families_are_v4[family], high);
            for (std::uint32_t low = 0; low < of_low.size(); ++low) {
                const std::uint32_t entry = of_high ^ of_low[low];
                const std::uint32_t slot = filled[entry]++;
                assert(slot < ports_per_entry);
                blocks_[family][slot / ports_per_row][entry][slot % ports_per_row] =
                    static_cast<std::uint16_t>(high + low);
            }
        }
    }
}

Spread::Ports::Ports(const Spread& spread, unsigned worker, const Tuple& reply)
    : spread_(spread),
      first_entry_(worker),
      family_(reply.source.is_v4() ? 0 : 1),
      base_(spread.entry_of({reply.source, reply.destination, reply.source_port, {}})),
      entries_((entries - worker + spread.workers_ - 1) / spread.workers_),
      count_(spread.port_count(worker)) {}

Spread::Ports::Ports(const Spread& spread, unsigned entry, const Tuple& reply, PortShare share)
    : Ports(spread, entry, reply) {
    entries_ = 1;
    share_ = share;
    count_ = (ports_per_entry - share.rank + share.count - 1U) / share.count;
}

}  // namespace warren::flow
