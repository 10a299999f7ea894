// SPDX-License-Identifier: BSD-3-Clause
// The ways to real_servers and unicast peers: asked for in the kernel, kept in State, told to the
// workers by the next snapshot and to the control lcore at once.
#pragma once

#include <optional>
#include <vector>

#include "control/publication.h"
#include "kernel/netlink.h"

namespace warren::control {

class NextHops {
  public:
    NextHops(const Context& context, kernel::Netlink& netlink)
        : context_(context), netlink_(netlink) {}

    // As the configuration says now; gets to know all of them at once.
    void follow();
    // To the control lcore at its start; later changes reach it by take().
    void send_peer_next_hops();
    // Whether a real_server's next hop is on an interface that is none of ours yet. Not where there
    // are cards of our own: who gives cards says what is used.
    bool needs_port(const net::IpAddress& address, const kernel::NextHop& hop) const;
    // Whether it is a real_server's: it may be this host itself now.
    bool take(const net::IpAddress& address, const std::optional<kernel::NextHop>& hop);

  private:
    std::vector<net::IpAddress> unicast_peers() const;
    kernel::Netlink::Zones zones() const;
    void send_peer_next_hop(const net::IpAddress& address,
                            const std::optional<kernel::NextHop>& hop);
    void warn_unreachable(const net::IpAddress& server, const std::optional<kernel::NextHop>& hop);
    void log_kernels_server(const net::IpAddress& server);
    void log_local_server(const net::IpAddress& server);

    Context context_;
    kernel::Netlink& netlink_;
};

}  // namespace warren::control
