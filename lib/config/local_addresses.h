// SPDX-License-Identifier: BSD-3-Clause
// Where the servers of an FNAT service see their clients come from.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "syntax/diagnostic.h"

namespace warren::config {

class LocalAddresses {
  public:
    explicit LocalAddresses(const Config& config);  // which it must not outlive

    // The addresses of its local_address_group, else its VIP. Servers of a family that is not among
    // these get one virtual address of theirs that moves with the VIP, if there is one: in a
    // server's network before others, of the VIP's vrrp_instance before others of its sync group.
    std::vector<net::IpAddress> of(const VirtualServer& service) const;

    // The FNAT real_servers without a local address of their family.
    syntax::Diagnostics find_missing() const;

  private:
    // Null: none.
    const VirtualAddress* moving_with(const VirtualServer& service, bool v4) const;

    const Config& config_;
    std::unordered_map<net::IpAddress, std::size_t, net::IpAddressHash> owners_;  // instances
    std::vector<std::uint16_t> groups_;  // as sync_groups()
};

}  // namespace warren::config
