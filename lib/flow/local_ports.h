// SPDX-License-Identifier: BSD-3-Clause
// Picks the local port of a new FNAT flow. There is no port bitmap: a port is in use if its server
// tuple is in the flow table. The cursor walks round all ports this worker owns, so a port rests as
// long as possible before it is used again. Which worker owns a reply is a function of its
// destination port: port % workers.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>

#include "flow/table.h"

namespace warren::flow {

inline constexpr std::uint32_t first_local_port = 1024;
inline constexpr std::uint32_t end_of_ports = 65536;
inline constexpr unsigned port_attempts_max = 64;

constexpr bool worker_owns_port(std::uint16_t port, unsigned worker, unsigned workers) {
    return port % workers == worker;
}

// One per (server, local address) and worker.
class PortCursor {
  public:
    PortCursor() = default;
    // `random` decides where the walk starts.
    PortCursor(std::uint32_t random, unsigned worker, unsigned workers)
        : worker_(worker), workers_(workers) {
        assert(worker < workers && workers <= end_of_ports - first_local_port);
        const std::uint32_t offset = random % (end_of_ports - first_local_port);
        next_ = at_or_after(first_local_port + offset);
    }

    // The next port of ours, round and round.
    std::uint16_t take() {
        const std::uint32_t port = next_;
        next_ = port + workers_ < end_of_ports ? port + workers_ : at_or_after(first_local_port);
        return static_cast<std::uint16_t>(port);
    }

  private:
    std::uint32_t at_or_after(std::uint32_t port) const {
        port += (worker_ + workers_ - port % workers_) % workers_;
        return port < end_of_ports ? port : at_or_after(first_local_port);
    }

    std::uint32_t worker_ = 0;
    std::uint32_t workers_ = 1;
    std::uint32_t next_ = first_local_port;
};

enum class PortVerdict : std::uint8_t { free, recycled, no_port };

struct PortChoice {
    PortVerdict verdict = PortVerdict::no_port;
    std::uint16_t port = 0;
    FlowIndex old_flow = no_flow;  // recycled: erase it before the new one is inserted
};

// The first free port, else the first whose flow is_recyclable(). `reply` is the server tuple of
// the new flow; its destination port is ignored. `excluded`: the service ports on that local
// address.
inline PortChoice pick_local_port(PortCursor& cursor, const FlowTable& table, Tuple reply,
                                  std::span<const std::uint16_t> excluded,
                                  unsigned attempts = port_attempts_max) {
    PortChoice fallback;
    for (unsigned i = 0; i < attempts; ++i) {
        const std::uint16_t port = cursor.take();
        if (std::find(excluded.begin(), excluded.end(), port) != excluded.end()) continue;
        reply.destination_port = net::Be16(port);
        const FlowTable::Hit hit = table.find(reply);
        if (!hit) return {PortVerdict::free, port, no_flow};
        if (fallback.verdict == PortVerdict::no_port && is_recyclable(table[hit.index].state))
            fallback = {PortVerdict::recycled, port, hit.index};
    }
    return fallback;
}

}  // namespace warren::flow
