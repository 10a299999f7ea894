// SPDX-License-Identifier: BSD-3-Clause
// Programs of the host's own as clients of our virtual_servers, and whoever comes to it by an
// interface that no worker reads from: containers, a VPN, another network that it routes for. What
// they send to an address of this host never leaves by a card, so no worker sees it: the kernel
// translates it to a real_server, by weight, among those that the checks call alive, from the
// host's own address, which is the way that the checks go too. And the other end: the workers hand
// a client's packets for a server that is this host to its kernel by way of lo, where they are led
// to that server's own address and port; what it answers is translated back. One nftables table of
// the inet family, there only while this host is master of a VIP with virtual_servers. Errors: the
// text of what nftables refused.
#pragma once

#include <string>
#include <string_view>

#include "kernel/guard_rules.h"
#include "kernel/nft.h"

namespace warren::kernel {

// One transaction; without services the table goes. `owned`: as of guard.h.
std::string local_clients_ruleset(std::string_view instance, const LocalRules& rules, bool owned);

class LocalClients {
  public:
    explicit LocalClients(std::string instance);
    ~LocalClients();  // removes the table
    LocalClients(const LocalClients&) = delete;
    LocalClients& operator=(const LocalClients&) = delete;

    // Nothing is done if nothing has changed. The error text, empty = done.
    std::string follow(LocalRules rules);

  private:
    std::string instance_;
    Nft nft_;
    LocalRules installed_;
    bool owned_ = true;
};

}  // namespace warren::kernel
