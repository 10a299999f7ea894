// SPDX-License-Identifier: BSD-3-Clause
// Programs of the host's own as clients of our virtual_servers, and whoever comes to it by an
// interface that no worker reads from: containers, a VPN, another network that it routes for. What
// they send to an address of this host never leaves by a card, so no worker sees it: the kernel
// translates it to a real_server, by weight, among those that the checks call alive, from the
// host's own address, which is the way that the checks go too. And the other end: the workers hand
// a client's packets for a server that is this host to its kernel by way of lo, where they are led
// to that server's own address and port; what it answers is translated back. And what the host
// sends a server from an address of FNAT's (its checks, a program that binds): from a port that is
// not FNAT's. One nftables table of the inet family, there only while there is such a thing, as for
// a master of a VIP with virtual_servers. Errors: the text of what nftables refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel/local_service.h"
#include "kernel/nft.h"

namespace warren::kernel {

// Of which families the host forwards packets, and whether it does now.
struct Forwarding {
    bool ipv4 = false, ipv6 = false;

    static Forwarding of_host();

    friend bool operator==(const Forwarding&, const Forwarding&) = default;
};

// Who is served, and by which way they come: not by the interfaces that the workers read from,
// whose frames are theirs; and to a MAC of this host's other ones, for what a bridge only passes on
// shows up here as well (br_netfilter). Where the host forwards nothing of a family, who comes by
// those is refused by its kernel as ever: translated, he would wait for an answer.
struct LocalRules {
    std::vector<LocalService> services{};
    std::vector<std::string> ports{};
    std::vector<net::MacAddress> stations{};
    Forwarding forwarding{};
    SharedSources shared{};

    friend bool operator==(const LocalRules&, const LocalRules&) = default;
};

// One transaction; without any of it the table goes. `owned`: as of guard.h.
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
