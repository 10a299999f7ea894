// SPDX-License-Identifier: BSD-3-Clause
// Engine "wire": drives a forwarder that runs elsewhere, through any port: a kernel interface, or a
// device of DPDK's (net_memif, net_virtio_user, net_af_packet, a NIC). It is all clients and, by
// answering ARP and ND for every address but the VIP, all servers. Clients open their connections
// and ask, servers answer as much; sequence numbers advance, so a proxy that ends connections is
// measured the same way. In modes io, macswap and 5tswap the forwarder sends segments back, as
// testpmd does.
#pragma once

#include <cstdint>
#include <string>

#include "load.h"
#include "report.h"

namespace warren::bench {

struct Wire {
    std::string interface;    // the kernel's, shared with it
    std::string device;       // or a DPDK device
    std::string vip;          // of the clients' IP version; empty: vip_of() that
    double rate = 0;          // requests a second, whatever comes back; 0: as answers come
    unsigned under_way = 64;  // requests at most, in that case
};

// Needs EAL. Throws std::runtime_error: no such port, nobody has the VIP, no connection opens.
Result run_wire(const Load& load, const Wire& wire);

}  // namespace warren::bench
