// SPDX-License-Identifier: BSD-3-Clause
// Which virtual routers this warren is master of. Written by the control lcore, read by every
// worker once per burst. Ownership is a lease: it holds only while the control lcore's heartbeat is
// younger than the router's Master_Down_Interval, because after that time the peer has taken over.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace warren::exchange {

inline constexpr std::size_t max_virtual_routers = 1024;

class Ownership;

// A worker's copy for one burst.
struct OwnershipView {
    std::array<std::uint64_t, max_virtual_routers / 64> words{};
    std::uint64_t heartbeat_ns = 0;
    std::uint64_t now_ns = 0;
    std::uint64_t lease_ns = 0;  // leases below this have expired
    const Ownership* source = nullptr;
    bool has_offers = false;
    std::uint32_t offers_begun = 0;  // changes with each new offer

    // `router` is the index in the snapshot's table, `lease` its Master_Down_Interval.
    bool owns(std::size_t router, std::uint64_t lease) const {
        return (words[router / 64] >> (router % 64) & 1) != 0 && lease >= lease_ns;
    }
    bool in_grace(std::size_t router) const;
    // Being handed over to a peer.
    bool is_offered(std::size_t router) const;
};

class Ownership {
  public:
    // Control lcore only.
    void set(std::size_t router, bool owned) {
        std::atomic<std::uint64_t>& word = words_[router / 64];
        const std::uint64_t bit = std::uint64_t{1} << (router % 64);
        const std::uint64_t old = word.load(std::memory_order_relaxed);
        word.store(owned ? old | bit : old & ~bit, std::memory_order_release);
    }
    // The router has been handed over to the peer, but switches may send us segments for a moment:
    // until then those of known flows are forwarded (grace period).
    void begin_grace(std::size_t router, std::uint64_t until_ns) {
        grace_until_ns_[router].store(until_ns, std::memory_order_release);
    }
    // The router is being handed over: ours still, and the peer's at any moment. Frames with its
    // virtual MAC would turn switches back to us.
    void offer(std::size_t router, bool offered) {
        std::atomic<std::uint64_t>& word = offered_[router / 64];
        const std::uint64_t bit = std::uint64_t{1} << (router % 64);
        const std::uint64_t old = word.load(std::memory_order_relaxed);
        if (((old & bit) != 0) == offered) return;
        word.store(old ^ bit, std::memory_order_release);
        const std::uint32_t count = offers_.load(std::memory_order_relaxed);
        if (offered)
            offers_begun_.store(offers_begun_.load(std::memory_order_relaxed) + 1,
                                std::memory_order_release);
        offers_.store(offered ? count + 1 : count - 1, std::memory_order_release);
    }
    void beat(std::uint64_t now_ns) { heartbeat_ns_.store(now_ns, std::memory_order_release); }

    // Any reader; `routers` is how many the snapshot has.
    void read(OwnershipView& view, std::size_t routers, std::uint64_t now_ns) const {
        view.heartbeat_ns = heartbeat_ns_.load(std::memory_order_acquire);
        view.now_ns = now_ns;
        // A lease expires when the heartbeat is as old as the lease is long.
        view.lease_ns = now_ns <= view.heartbeat_ns ? 0 : now_ns - view.heartbeat_ns + 1;
        view.source = this;
        view.has_offers = offers_.load(std::memory_order_acquire) != 0;
        if (view.has_offers) view.offers_begun = offers_begun_.load(std::memory_order_acquire);
        for (std::size_t i = 0; i < (routers + 63) / 64; ++i)
            view.words[i] = words_[i].load(std::memory_order_acquire);
    }

    // Any reader; read only for routers that are not ours.
    std::uint64_t grace_until_ns(std::size_t router) const {
        return grace_until_ns_[router].load(std::memory_order_acquire);
    }
    bool is_offered(std::size_t router) const {
        return (offered_[router / 64].load(std::memory_order_acquire) >> (router % 64) & 1) != 0;
    }

  private:
    alignas(64) std::array<std::atomic<std::uint64_t>, max_virtual_routers / 64> words_{};
    alignas(64) std::atomic<std::uint64_t> heartbeat_ns_{0};
    std::atomic<std::uint32_t> offers_{0};  // how many bits of offered_ are set
    std::atomic<std::uint32_t> offers_begun_{0};
    alignas(64) std::array<std::atomic<std::uint64_t>, max_virtual_routers / 64> offered_{};
    alignas(64) std::array<std::atomic<std::uint64_t>, max_virtual_routers> grace_until_ns_{};
};

inline bool OwnershipView::in_grace(std::size_t router) const {
    return source != nullptr && source->grace_until_ns(router) > now_ns;
}

inline bool OwnershipView::is_offered(std::size_t router) const {
    return has_offers && source->is_offered(router);
}

}  // namespace warren::exchange
