// SPDX-License-Identifier: BSD-3-Clause
// Keeps the state of the ports true: link, MAC, MTU, addresses. The kernel tells of the interfaces
// that are shared with it, a card of our own is asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/publication.h"
#include "kernel/netlink.h"
#include "port/port_table.h"
#include "tracking/link_delays.h"

namespace warren::control {

// What has become different of a port; State has it already.
struct PortChange {
    std::uint8_t port = 0;
    bool present = true;  // the kernel has the interface
    bool is_new = false;  // it was made anew: what belonged to the old one went with it
    bool mac = false;
    bool addresses = false;
    bool mtu = false;
    bool link = false;  // up or down
    bool ifindex = false;
    int gone_ifindex = 0;  // of the interface that it was, if it is that no more

    bool any() const { return !present || is_new || mac || addresses || mtu || link || ifindex; }
};

// As at start: of the port at `index` of them, or of all.
model::PortState port_state(const port::PortTable& ports, std::size_t index,
                            const kernel::Netlink& netlink, journal::EventLog& events);
std::vector<model::PortState> port_states(const port::PortTable& ports,
                                          const kernel::Netlink& netlink,
                                          journal::EventLog& events);

class Links {
  public:
    Links(const Context& context, const port::PortTable& ports, tracking::LinkDelays& delays)
        : context_(context), ports_(ports), delays_(delays) {}

    // `link`'s addresses are those that it has not through us.
    std::vector<PortChange> take(const kernel::Link& link);

    // Before routers with use_vmac come: their ports are to hear those.
    void hear_virtual_macs(const config::Config& wanted);

    // Ports of our own have no kernel interface that tells.
    std::vector<PortChange> poll_own();

  private:
    PortChange follow(std::uint8_t port, const kernel::Link& link);
    void follow_interface(PortChange& change, const kernel::Link& link);
    void set_addresses(PortChange& change, const kernel::Link& link);
    void set_mtu(PortChange& change, std::uint16_t mtu);
    void set_link(PortChange& change, bool up);

    Context context_;
    const port::PortTable& ports_;  // as in State
    tracking::LinkDelays& delays_;
};

}  // namespace warren::control
