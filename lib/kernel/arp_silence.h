// SPDX-License-Identifier: BSD-3-Clause
// The kernel says on no interface who has our IPv4 addresses. It would: of an address on eth0 it
// tells whoever asks on eth1 that eth1 has it, and what goes there passes us by. (The guard keeps
// questions from a shared interface; this is about all others. IPv6 asks no such thing.) One
// nftables table of the arp family. Errors: the text of what nftables refused.
#pragma once

#include <string>
#include <vector>

#include "kernel/nft.h"
#include "net/address.h"

namespace warren::kernel {

class ArpSilence {
  public:
    explicit ArpSilence(const std::string& instance);
    ~ArpSilence();  // removes the table
    ArpSilence(const ArpSilence&) = delete;
    ArpSilence& operator=(const ArpSilence&) = delete;

    // Those of IPv4 among them. Nothing is done if nothing has changed.
    std::string follow(const std::vector<net::IpAddress>& addresses);

  private:
    std::string rules(bool owned) const;

    std::string instance_;
    Nft nft_;
    std::vector<net::IpAddress> silent_;
    bool owned_ = true;
};

}  // namespace warren::kernel
