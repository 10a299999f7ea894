// SPDX-License-Identifier: BSD-3-Clause
#include "exchange/publisher.h"

#include <cassert>
#include <cstdlib>
#include <new>
#include <utility>

namespace warren::exchange {

Publisher::Publisher(unsigned readers) {
    const std::size_t size = (rte_rcu_qsbr_get_memsize(readers) + 63) / 64 * 64;
    qsbr_.reset(static_cast<rte_rcu_qsbr*>(std::aligned_alloc(64, size)));
    if (!qsbr_) throw std::bad_alloc();
    rte_rcu_qsbr_init(qsbr_.get(), readers);
    for (unsigned id = 0; id < readers; ++id)
        rte_rcu_qsbr_thread_register(qsbr_.get(), id);
    auto first = std::make_unique<Snapshot>();
    first->seal();
    owned_ = std::move(first);
    pointer_.store(owned_.get(), std::memory_order_release);
}

Publisher::~Publisher() = default;

void Publisher::publish(std::unique_ptr<const Snapshot> next) {
    assert(next);
    pointer_.store(next.get(), std::memory_order_release);
    const std::uint64_t token = rte_rcu_qsbr_start(qsbr_.get());
    retired_.push_back({token, std::exchange(owned_, std::move(next))});
    reclaim();
}

std::size_t Publisher::reclaim() {
    while (!retired_.empty() && rte_rcu_qsbr_check(qsbr_.get(), retired_.front().token, false) == 1)
        retired_.pop_front();
    return retired_.size();
}

}  // namespace warren::exchange
