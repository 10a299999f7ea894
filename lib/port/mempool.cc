// SPDX-License-Identifier: BSD-3-Clause
#include "port/mempool.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf_pool_ops.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace warren::port {

namespace {

// Workers touch every frame: the buffers are theirs if their node has room. Which node that is
// follows from the CPUs that the operator gave them, beside their card's.
int workers_node() {
    const unsigned worker = rte_get_next_lcore(RTE_MAX_LCORE, 1, 0);
    return worker < RTE_MAX_LCORE ? static_cast<int>(rte_lcore_to_socket_id(worker))
                                  : SOCKET_ID_ANY;
}

constexpr unsigned cache = 128;

// Without hugepages DMA addresses are virtual ones; DPDK leaves them out where pages do not count.
void init_packet(rte_mempool* pool, void* argument, void* object, unsigned index) {
    rte_pktmbuf_init(pool, argument, object, index);
    auto* mbuf = static_cast<rte_mbuf*>(object);
    rte_mbuf_iova_set(mbuf, reinterpret_cast<rte_iova_t>(mbuf->buf_addr));
}

// One buffer behind the other, over the borders of pages. DPDK by itself lets none cross a border,
// for cards: without hugepages each begins a page, and then all headers of a burst share one set of
// the L1 cache, and a load from one frame waits for the store to another, whose address has the
// same end.
rte_mempool* create_packed(const std::string& name, unsigned packets, std::uint16_t room,
                           int node) {
    rte_pktmbuf_pool_private sizes{};
    sizes.mbuf_data_room_size = room;
    return rte_mempool_create(name.c_str(), packets, unsigned{sizeof(rte_mbuf)} + room, cache,
                              sizeof(sizes), rte_pktmbuf_pool_init, &sizes, init_packet, nullptr,
                              node, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
}

rte_mempool* create(const std::string& name, unsigned packets, unsigned data_bytes, int node) {
    const auto room = static_cast<std::uint16_t>(data_bytes + RTE_PKTMBUF_HEADROOM);
    if (rte_eal_has_hugepages() == 0) return create_packed(name, packets, room, node);
    return rte_pktmbuf_pool_create(name.c_str(), packets, cache, 0, room, node);
}

// A driver is a file that DPDK opens when it starts, in a package of its own.
bool has_driver(const char* name) {
    const auto* begin = rte_mempool_ops_table.ops;
    return std::any_of(
        begin, begin + rte_mempool_ops_table.num_ops,
        [name](const rte_mempool_ops& ops) { return std::strcmp(ops.name, name) == 0; });
}

}  // namespace

Mempool make_mempool(const std::string& name, unsigned packets, unsigned data_bytes) {
    rte_mempool* pool = create(name, packets, data_bytes, workers_node());
    if (pool == nullptr) pool = create(name, packets, data_bytes, SOCKET_ID_ANY);
    if (pool == nullptr && !has_driver(rte_mbuf_best_mempool_ops()))
        throw std::runtime_error(
            "DPDK's driver for packet buffers is missing: install the package"
            " librte-mempool-ring23 (Debian), or the mempool drivers of DPDK");
    if (pool == nullptr)
        throw std::runtime_error("no memory for " + std::to_string(packets) +
                                 " packet buffers: " + rte_strerror(rte_errno));
    return Mempool(pool);
}

}  // namespace warren::port
