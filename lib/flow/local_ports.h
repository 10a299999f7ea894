// SPDX-License-Identifier: BSD-3-Clause
// The local port of a new FNAT flow. There is no port bitmap: a port is taken if its server tuple
// is in the flow table under a live flow. A cursor for each server walks round the ports whose
// replies this worker owns, so that a port rests as long as possible before it is used again. Where
// the cursor meets a long run of long-lived flows, the search goes on in a sequence that visits
// every port once, so it finds a port as long as there is one.
//
// Before all these come the ports whose replies are of the same RSS entry as the client's segments:
// both sides of such a flow have one owner on any machine, however many workers it has. Of them
// each machine has a share, and takes from the others' only when its own is used up, so that two
// never give out the same port while they do not know of each other's flows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "flow/spread.h"
#include "flow/table.h"

namespace warren::flow {

// Ports that are not ours on an address: those of services, and a range that the host's own
// connections are numbered from.
struct PortRange {
    std::uint16_t first = 1, last = 0;  // both inclusive; so: none

    bool contains(std::uint16_t port) const { return port >= first && port <= last; }
    std::uint32_t size() const { return last < first ? 0 : last - first + 1U; }

    friend bool operator==(const PortRange&, const PortRange&) = default;
};
struct ExcludedPorts {
    std::span<const std::uint16_t> some{};
    PortRange range{};
};

enum class PortVerdict : std::uint8_t { free, recycled, no_port };

struct PortChoice {
    PortVerdict verdict = PortVerdict::no_port;
    std::uint16_t port = 0;
    FlowIndex old_flow = no_flow;  // recycled: ends before the new one is inserted
    bool is_spilled = false;       // this machine's share of the client's entry was used up
};

class LocalPorts {
  public:
    // How many ports the cursor tries in a row; a quarter of it when it has met one to recycle.
    static constexpr unsigned walk_max = 64;

    // `random` decides where the walks start.
    LocalPorts(std::uint32_t random, const Spread& spread, unsigned worker, std::uint32_t servers,
               PortShare share = {});

    // A free port, else one whose flow is_recyclable(), else one of a half-open flow. `reply` is
    // the server tuple of the new flow; its destination port is ignored.
    // no_port: all are taken; then the long search is not made again in the same tick, and a port
    // that becomes free in it is found if it was its server's last. In a flood of SYNs the walk
    // takes a half-open flow's port as it comes: the oldest one's.
    // `entry`: the client's; one of another worker is none.
    PortChoice pick(const FlowTable& table, std::uint16_t server, Tuple reply,
                    const ExcludedPorts& excluded, Tick now,
                    std::optional<unsigned> entry = std::nullopt);

  private:
    struct Cursor {
        std::uint16_t walk = 0;    // index of the next port in Spread::Ports
        std::uint16_t search = 0;  // where the long search goes on
    };
    // A search that found nothing.
    struct Exhausted {
        std::uint64_t hash = 0;
        Tick when = 0;
        bool valid = false;
    };
    class Candidates;

    Exhausted& memo_of(std::uint64_t hash) { return exhausted_[hash % exhausted_.size()]; }
    PortChoice pick_of_all(Candidates& candidates, std::uint16_t server, Tuple reply, Tick now);
    PortChoice pick_of_entry(Candidates& candidates, std::uint16_t& cursor, unsigned entry,
                             const Tuple& reply, Tick now);
    static PortChoice walk(Candidates& candidates, std::uint16_t& cursor,
                           const Spread::Ports& ports, unsigned most);
    static PortChoice search(Candidates& candidates, Cursor& cursor, const Spread::Ports& ports);

    const Spread* spread_;
    unsigned worker_;
    PortShare share_;
    std::vector<Cursor> cursors_;                                            // by server
    std::vector<std::array<std::uint16_t, Spread::entries>> entry_cursors_;  // by server
    std::array<Exhausted, 256> exhausted_{};
};

}  // namespace warren::flow
