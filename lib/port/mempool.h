// SPDX-License-Identifier: BSD-3-Clause
// The pool that every frame lives in.
#pragma once

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <memory>
#include <string>

namespace warren::port {

struct FreeMempool {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using Mempool = std::unique_ptr<rte_mempool, FreeMempool>;

// `packets` mbufs with room for `data_bytes` of frame each. Throws std::runtime_error when memory
// is short.
Mempool make_mempool(const std::string& name, unsigned packets,
                     unsigned data_bytes = RTE_MBUF_DEFAULT_DATAROOM);

}  // namespace warren::port
