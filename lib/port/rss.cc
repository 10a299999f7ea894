// SPDX-License-Identifier: BSD-3-Clause
#include "port/rss.h"

#include <rte_errno.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace warren::port {
namespace {

constexpr std::uint64_t hashed_packets =
    RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
// Whoever is no TCP segment may go to any worker.
constexpr std::uint64_t also_spread = RTE_ETH_RSS_IP | hashed_packets;
constexpr std::size_t most_entries = 4096;

std::string said(const char* what, int error) {
    return std::string(what) + ": " + rte_strerror(std::abs(error));
}

std::uint16_t queue_of(std::size_t entry, unsigned workers) {
    return static_cast<std::uint16_t>(entry % net::rss_entries % workers);
}

}  // namespace

void Rss::ask_for(const rte_eth_dev_info& info, rte_eth_conf& conf) {
    if (info.flow_type_rss_offloads == 0) return;
    rte_eth_rss_conf& rss = conf.rx_adv_conf.rss_conf;
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH;
    rss.rss_hf = functions_ = also_spread & info.flow_type_rss_offloads;
    const std::size_t key_bytes = info.hash_key_size == 0 ? net::rss_key_bytes : info.hash_key_size;
    if (!wanted_ || key_bytes < net::rss_key_bytes) return;
    // Bytes behind the fortieth are of no effect on TCP over IPv6, the longest tuple we know.
    key_.assign(key_bytes, 0);
    std::copy(wanted_->begin(), wanted_->end(), key_.begin());
    rss.rss_key = key_.data();
    rss.rss_key_len = static_cast<std::uint8_t>(key_bytes);
}

// Some drivers take the key when they are configured, others only now: what reads back counts.
void Rss::set_hash_again(std::uint16_t port) {
    rte_eth_rss_conf rss{};
    rss.rss_key = key_.data();
    rss.rss_key_len = static_cast<std::uint8_t>(key_.size());
    rss.rss_hf = functions_;
    rte_eth_dev_rss_hash_update(port, &rss);
}

std::string Rss::set_indirection(std::uint16_t port, const rte_eth_dev_info& info) const {
    if (info.flow_type_rss_offloads == 0) return "the driver has no RSS";
    if (!wanted_ || key_.empty()) return "the driver takes no RSS key";
    const std::size_t size = info.reta_size;
    if (size == 0 || size % net::rss_entries != 0 || size > most_entries)
        return "an indirection table of " + std::to_string(size) + " entries";
    std::array<rte_eth_rss_reta_entry64, most_entries / RTE_ETH_RETA_GROUP_SIZE> table{};
    for (std::size_t i = 0; i < size; ++i)
        table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] =
            queue_of(i, workers_);
    const std::size_t groups = size / RTE_ETH_RETA_GROUP_SIZE;
    for (std::size_t i = 0; i < groups; ++i)
        table[i].mask = ~std::uint64_t{0};
    if (const int error = rte_eth_dev_rss_reta_update(port, table.data(), info.reta_size))
        return said("the card refuses the indirection table", error);
    auto read = table;
    for (std::size_t i = 0; i < groups; ++i)
        std::fill(std::begin(read[i].reta), std::end(read[i].reta), std::uint16_t{0xffff});
    if (const int error = rte_eth_dev_rss_reta_query(port, read.data(), info.reta_size))
        return said("the indirection table cannot be read back", error);
    for (std::size_t i = 0; i < size; ++i)
        if (read[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] !=
            queue_of(i, workers_))
            return "the indirection table reads back otherwise than it was written";
    return {};
}

std::string Rss::settle(std::uint16_t port, const rte_eth_dev_info& info) {
    if (workers_ == 1) return {};
    if (std::string trouble = set_indirection(port, info); !trouble.empty()) return trouble;
    set_hash_again(port);
    return read_back_hash(port);
}

std::string Rss::read_back_hash(std::uint16_t port) const {
    std::vector<std::uint8_t> key(key_.size());
    rte_eth_rss_conf rss{};
    rss.rss_key = key.data();
    rss.rss_key_len = static_cast<std::uint8_t>(key.size());
    if (const int error = rte_eth_dev_rss_hash_conf_get(port, &rss))
        return said("the RSS key cannot be read back", error);
    if (!std::equal(wanted_->begin(), wanted_->end(), key.begin()))
        return "the RSS key reads back otherwise than it was written";
    if ((rss.rss_hf & hashed_packets) != hashed_packets)
        return "the card does not hash the ports of TCP segments";
    return {};
}

}  // namespace warren::port
