// SPDX-License-Identifier: BSD-3-Clause
// The local port of a new FNAT flow. There is no port bitmap: a port is taken if its server tuple
// is in the flow table under a live flow. A cursor for each server walks round the ports of this
// worker, so that a port rests as long as possible before it is used again. Where the cursor meets
// a long run of long-lived flows, the search goes on in a sequence that visits every port once, so
// it finds a port as long as there is one.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

#include "flow/table.h"

namespace warren::flow {

inline constexpr std::uint32_t first_local_port = 1024;
inline constexpr std::uint32_t end_of_ports = 65536;

// The ports of one worker: those with port % workers == worker.
class PortSet {
  public:
    PortSet(unsigned worker, unsigned workers)
        : first_(first_local_port + (worker + workers - first_local_port % workers) % workers),
          step_(workers),
          count_((end_of_ports - first_ + workers - 1) / workers) {
        assert(worker < workers && workers <= end_of_ports - first_local_port);
    }
    std::uint32_t count() const { return count_; }
    bool contains(std::uint16_t port) const {
        return port >= first_ && (port - first_) % step_ == 0;
    }
    std::uint16_t at(std::uint32_t index) const {
        return static_cast<std::uint16_t>(first_ + index * step_);
    }

  private:
    std::uint32_t first_;
    std::uint32_t step_;
    std::uint32_t count_;
};

enum class PortVerdict : std::uint8_t { free, recycled, no_port };

struct PortChoice {
    PortVerdict verdict = PortVerdict::no_port;
    std::uint16_t port = 0;
    FlowIndex old_flow = no_flow;  // recycled: erase it before the new one is inserted
};

class LocalPorts {
  public:
    // How many ports the cursor tries in a row; a quarter of it when it has met one to recycle.
    static constexpr unsigned walk_max = 64;

    // `random` decides where the walks start.
    LocalPorts(std::uint32_t random, PortSet ports, std::uint32_t servers);

    const PortSet& ports() const { return ports_; }

    // A free port, else one whose flow is_recyclable(). `reply` is the server tuple of the new
    // flow; its destination port is ignored. `excluded`: the service ports on that local address.
    // no_port: all are taken; then the long search is not made again in the same tick, and a port
    // that becomes free in it is found if it was its server's last.
    PortChoice pick(const FlowTable& table, std::uint16_t server, Tuple reply,
                    std::span<const std::uint16_t> excluded, Tick now);

  private:
    struct Cursor {
        std::uint16_t walk = 0;    // index of the next port in ports_
        std::uint16_t search = 0;  // where the long search goes on
    };
    // A search that found nothing.
    struct Exhausted {
        std::uint64_t hash = 0;
        Tick when = 0;
        bool valid = false;
    };
    class Candidates;

    PortChoice walk(Candidates& candidates, Cursor& cursor) const;
    PortChoice search(Candidates& candidates, Cursor& cursor) const;

    PortSet ports_;
    std::vector<Cursor> cursors_;  // by server
    std::array<Exhausted, 256> exhausted_{};
};

}  // namespace warren::flow
