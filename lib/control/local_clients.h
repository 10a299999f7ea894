// SPDX-License-Identifier: BSD-3-Clause
// Programs of the host's own, and its containers, as clients of our virtual_servers. What they send
// to an address of this host never leaves by a card, so no worker sees it: the kernel translates it
// to a real_server, by weight, among those that the checks call alive, from the host's own address,
// which is the way that the checks go too. One nftables table of the inet family, there only while
// this host is master of a VIP with virtual_servers. Errors: the text of what nftables refused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

struct nft_ctx;

namespace warren::control {

struct LocalService {
    struct Target {
        net::IpAddress address;
        std::uint16_t port = 0;
        std::uint32_t weight = 0;

        friend bool operator==(const Target&, const Target&) = default;
    };
    net::IpAddress vip;
    std::uint16_t port = 0;
    std::vector<Target> targets;  // of the VIP's family, weights above 0; none: refused by the host

    friend bool operator==(const LocalService&, const LocalService&) = default;
};

std::string local_clients_table_name(std::string_view instance);
// One transaction; without services the table goes. `owned`: as of guard.h.
std::string local_clients_ruleset(std::string_view instance,
                                  const std::vector<LocalService>& services, bool owned);

class LocalClients {
  public:
    explicit LocalClients(std::string instance);
    ~LocalClients();  // removes the table
    LocalClients(const LocalClients&) = delete;
    LocalClients& operator=(const LocalClients&) = delete;

    // Nothing is done if nothing has changed. The error text, empty = done.
    std::string follow(std::vector<LocalService> services);

  private:
    std::string run(const std::string& commands);

    std::string instance_;
    std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context_;
    std::vector<LocalService> installed_;
    bool owned_ = true;
};

}  // namespace warren::control
