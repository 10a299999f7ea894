// SPDX-License-Identifier: BSD-3-Clause
#include "port/mempool.h"

#include <rte_errno.h>

#include <stdexcept>

namespace warren::port {

Mempool make_mempool(const std::string& name, unsigned packets, unsigned data_bytes) {
    constexpr unsigned cache = 128;
    rte_mempool* pool = rte_pktmbuf_pool_create(
        name.c_str(), packets, cache, 0,
        static_cast<std::uint16_t>(data_bytes + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
    if (pool == nullptr)
        throw std::runtime_error("no memory for " + std::to_string(packets) +
                                 " packet buffers: " + rte_strerror(rte_errno));
    return Mempool(pool);
}

}  // namespace warren::port
