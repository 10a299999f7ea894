// SPDX-License-Identifier: BSD-3-Clause
// A card's receive-side scaling set to our hash, and what became of that: entry i of the
// indirection table leads to worker i modulo net::rss_entries modulo workers.
#pragma once

#include <rte_ethdev.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/toeplitz.h"

namespace warren::port {

class Rss {
  public:
    Rss(const std::optional<net::RssKey>& key, unsigned workers)
        : wanted_(key), workers_(workers) {}

    // Before the device is configured: what it shall hash by. `conf` points into this object.
    void ask_for(const rte_eth_dev_info& info, rte_eth_conf& conf);

    // After it has started: why frames do not arrive where net::RssTable says, or nothing if the
    // card has taken, and reads back, our key and our indirection table.
    std::string settle(std::uint16_t port, const rte_eth_dev_info& info);

  private:
    void set_hash_again(std::uint16_t port);
    std::string set_indirection(std::uint16_t port, const rte_eth_dev_info& info) const;
    std::string read_back_hash(std::uint16_t port) const;

    std::optional<net::RssKey> wanted_;
    unsigned workers_;
    std::vector<std::uint8_t> key_;  // as long as the card wants it
    std::uint64_t functions_ = 0;    // RTE_ETH_RSS_*
};

}  // namespace warren::port
