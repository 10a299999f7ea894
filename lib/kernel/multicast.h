// SPDX-License-Identifier: BSD-3-Clause
// Keeps kernel interfaces in multicast groups through kernel sockets: VRRP's, and the
// solicited-node groups of owned IPv6 addresses. The kernel then programs the card, sends IGMP and
// MLD reports and repeats them when queried, so that snooping switches pass these frames on. A
// backup is a member too: after a takeover nothing has to be learnt. The memberships end with the
// object.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/address.h"

namespace warren::kernel {

class MulticastGroups {
  public:
    MulticastGroups() = default;
    ~MulticastGroups();
    MulticastGroups(const MulticastGroups&) = delete;
    MulticastGroups& operator=(const MulticastGroups&) = delete;

    // Joins on that kernel interface unless it is a member already. Returns an error's text, or
    // nothing.
    std::string join(int ifindex, const net::IpAddress& group);
    // The interface went away and its memberships with it.
    void forget(int ifindex);

  private:
    // The kernel bounds the memberships of one socket (20 of IPv4, some hundred of IPv6).
    static constexpr std::size_t max_sockets = 512;

    std::vector<int> sockets_v4_, sockets_v6_;
    std::set<std::pair<int, net::IpAddress>> joined_;
};

}  // namespace warren::kernel
