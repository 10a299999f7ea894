// SPDX-License-Identifier: BSD-3-Clause
// Which worker owns a flow, from a tuple alone: as cards spread frames by RSS. The Toeplitz hash of
// the tuple as it arrives chooses one of 128 entries, and entry i is worker i modulo workers. Where
// a card can be set to the same key and entries, both directions of a FNAT flow arrive at their
// owner, because its local port is chosen for that; elsewhere it is a hash as good as any, and what
// arrives at another worker is handed off.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "flow/flow.h"
#include "flow/tuple_words.h"
#include "net/toeplitz.h"

namespace warren::flow {

inline constexpr std::uint32_t first_local_port = 1024;
inline constexpr std::uint32_t end_of_ports = 65536;

// Machines that give out ports of the same addresses each have a part of their own.
struct PortShare {
    std::uint16_t rank = 0;
    std::uint16_t count = 1;

    PortShare of_next() const { return {static_cast<std::uint16_t>((rank + 1) % count), count}; }
};

class Spread {
  public:
    static constexpr unsigned entries = net::rss_entries;
    static constexpr std::uint32_t ports_per_entry = (end_of_ports - first_local_port) / entries;

    // A random key whose parts of a port reach all entries evenly.
    static net::RssKey key_of(std::uint64_t seed);

    // A byte holds all bits of a hash that choose an entry: a quarter of the lines of whole hashes.
    using EntryHash = net::RssTable<std::uint8_t>;
    static_assert(entries <= 256);

    // The key is key_of()'s; workers <= entries.
    Spread(const net::RssKey& key, unsigned workers);

    const net::RssKey& key() const { return key_; }
    unsigned workers() const { return workers_; }

    // What a machine with another number of workers finds the same. Of a Tuple, or of its words.
    unsigned entry_of(const TupleWords4& t) const {
        return (hash_.word(0, t.addresses) ^ hash_.word(8, t.ports)) % entries;
    }
    unsigned entry_of(const TupleWords6& t) const {
        return (hash_.word(0, t.source[0]) ^ hash_.word(8, t.source[1]) ^
                hash_.word(16, t.destination[0]) ^ hash_.word(24, t.destination[1]) ^
                hash_.word(32, t.ports)) %
               entries;
    }
    unsigned entry_of(const Tuple& t) const {
        return in_words(t, [this](const auto& words) { return entry_of(words); });
    }
    unsigned entry_of_client(const net::IpAddress& client, net::Be16 port) const {
        return entry_of(tuple_of_client(client, port));
    }

    unsigned owner_of_entry(unsigned entry) const { return owners_[entry]; }
    unsigned owner(const Tuple& t) const { return workers_ == 1 ? 0 : owner_of_entry(entry_of(t)); }
    // In NAT the client is all that both directions show.
    unsigned owner_of_client(const net::IpAddress& client, net::Be16 port) const {
        return owner(tuple_of_client(client, port));
    }

    // How many local ports a worker has towards one server from one local address.
    std::uint32_t port_count(unsigned worker) const {
        return (entries - worker + workers_ - 1) / workers_ * ports_per_entry;
    }

    // The local ports of one worker for the server and local address of `reply`, whose destination
    // port is ignored: those for which the reply's owner is that worker.
    class Ports {
      public:
        Ports(const Spread& spread, unsigned worker, const Tuple& reply);
        // A share of those whose replies are of one entry.
        Ports(const Spread& spread, unsigned entry, const Tuple& reply, PortShare share);
        std::uint32_t count() const { return count_; }
        // In the order of blocks; in one, all of an entry, whose line the last index has fetched.
        std::uint16_t at(std::uint32_t index) const {
            const std::uint32_t row = index / ports_per_row;
            const std::uint32_t entry = first_entry_ + row % entries_ * spread_.workers_;
            const std::uint32_t in_share = row / entries_ * ports_per_row + index % ports_per_row;
            const std::uint32_t slot = share_.rank + in_share * share_.count;
            const Block& block = spread_.blocks_[family_][slot / ports_per_row];
            return block[(base_ ^ entry) % entries][slot % ports_per_row];
        }

      private:
        const Spread& spread_;
        unsigned first_entry_;
        unsigned family_;
        std::uint32_t base_;     // entry of the reply without its destination port
        std::uint32_t entries_;  // of this worker, or one
        PortShare share_;
        std::uint32_t count_;
    };

  private:
    // The hash is linear: a port's part of it says by how much it moves the reply's entry. A block
    // of 1,024 ports has as many for every entry.
    static constexpr std::uint32_t ports_per_row = 1024 / entries;
    static_assert(ports_per_entry % ports_per_row == 0);
    using Block = std::array<std::array<std::uint16_t, ports_per_row>, entries>;
    using Blocks = std::array<Block, ports_per_entry / ports_per_row>;

    static Tuple tuple_of_client(const net::IpAddress& client, net::Be16 port) {
        return {client, any_of(client), port, {}};
    }
    static net::IpAddress any_of(const net::IpAddress& like) {
        return like.is_v4() ? net::IpAddress::v4(0, 0, 0, 0) : net::IpAddress{};
    }

    net::RssKey key_;
    EntryHash hash_;
    unsigned workers_;
    std::array<std::uint8_t, entries> owners_{};  // by entry
    std::vector<Blocks> blocks_;                  // IPv4, IPv6
};

}  // namespace warren::flow
