// SPDX-License-Identifier: BSD-3-Clause
// Which addresses this machine is master of: a small direct-mapped cache before the snapshot and
// the ownership words, and the VIP of each service. Invalid as soon as either of them changes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "exchange/poll_round.h"
#include "exchange/worker_link.h"
#include "fast_path/header_words.h"
#include "flow/tuple_words.h"

namespace warren::fast_path {

class OwnedAddressCache {
  public:
    struct Entry {
        std::uint64_t mac = 0;                // mac_of() the one that we answer ARP with
        exchange::Counter* frames = nullptr;  // of its virtual router
        std::uint8_t port = 0;
        bool is_hosts = false;        // the host has the address too
        bool goes_by_client = false;  // a virtual_server there that goes_by_client()
    };

    explicit OwnedAddressCache(std::span<exchange::Counter> router_frames)
        : router_frames_(router_frames) {}

    // `round` must stay valid until the next call. Returns whether it has another snapshot than the
    // round before.
    bool begin_round(const exchange::PollRound& round) {
        round_ = &round;
        const bool same_snapshot =
            round.snapshot == snapshot_ && round.snapshot->generation == generation_;
        if (same_snapshot && owns_as_before()) [[likely]]
            return false;
        if (!same_snapshot) follow(*round.snapshot);
        words_ = round.ownership.words;
        invalidate(vip_slots_);
        invalidate(local_slots_);
        return !same_snapshot;
    }

    // Null: we are not master of it.
    template <typename Address>
    const Entry* find_vip(const Address& address) {
        return find(vip_slots_, address);
    }
    template <typename Address>
    const Entry* find_local(const Address& address) {
        return find(local_slots_, address);
    }
    // Either kind, where both may be at one index of the slots.
    template <typename Address>
    const Entry* find_either(const Address& address) {
        const Entry* vip = find_cached(vip_slots_, address);
        return vip != nullptr ? vip : find_local(address);
    }

    static net::IpAddress ip_address(net::Be32 address) { return net::IpAddress::v4(address); }
    static net::IpAddress ip_address(const net::Ipv6Bytes& address) {
        return net::IpAddress::v6(address);
    }

    // Null: of no virtual router.
    const exchange::OwnedAddress* vip_of(std::uint16_t service) const { return vips_[service]; }

  private:
    template <typename Words>
    struct Slot {
        Words address;
        Entry entry;
    };
    // Indexed by the last byte of the address: VIPs are neighbours.
    template <typename Words>
    using Slots = std::array<Slot<Words>, 8>;
    struct BothFamilies {
        Slots<std::uint32_t> v4{};
        Slots<flow::AddressWords> v6{};
    };

    static std::uint32_t words_of(net::Be32 address) { return address.raw(); }
    static flow::AddressWords words_of(const net::Ipv6Bytes& address) {
        return flow::words_of(address);
    }
    static auto& slot_of(BothFamilies& slots, net::Be32 address) {
        return slots.v4[address.host() % slots.v4.size()];
    }
    static auto& slot_of(BothFamilies& slots, const net::Ipv6Bytes& address) {
        return slots.v6[address.back() % slots.v6.size()];
    }

    static bool is_same(std::uint32_t a, std::uint32_t b) { return a == b; }
    // In registers and by one branch, which std::array's operator is not.
    static bool is_same(const flow::AddressWords& a, const flow::AddressWords& b) {
        return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
    }

    template <typename Address>
    static const Entry* find_cached(BothFamilies& slots, const Address& address) {
        auto& slot = slot_of(slots, address);
        return is_same(slot.address, words_of(address)) ? &slot.entry : nullptr;
    }
    template <typename Address>
    const Entry* find(BothFamilies& slots, const Address& address) {
        auto& slot = slot_of(slots, address);
        const auto words = words_of(address);
        if (!is_same(slot.address, words) && !fill(slot, words, address)) [[unlikely]]
            return nullptr;
        return &slot.entry;
    }
    template <typename Words, typename Address>
    [[gnu::noinline]] bool fill(Slot<Words>& slot, const Words& words, const Address& address) {
        const exchange::OwnedAddress* owned = round_->snapshot->find_address(ip_address(address));
        if (owned == nullptr || !round_->owns(*owned)) return false;
        slot = {words,
                {mac_of(owned->mac), &router_frames_[owned->virtual_router], owned->port,
                 owned->is_hosts, owned->goes_by_client}};
        return true;
    }

    // An expired lease ends ownership though the bit is still set.
    bool owns_as_before() const {
        std::uint64_t changed = 0;
        for (std::size_t i = 0; i < word_count_; ++i)
            changed |= words_[i] ^ round_->ownership.words[i];
        return changed == 0 && round_->ownership.lease_ns <= shortest_lease_ns_;
    }

    void follow(const exchange::Snapshot& snapshot) {
        snapshot_ = &snapshot;
        generation_ = snapshot.generation;
        word_count_ = (snapshot.virtual_routers.size() + 63) / 64;
        shortest_lease_ns_ = ~std::uint64_t{0};
        for (const exchange::VirtualRouter& router : snapshot.virtual_routers)
            shortest_lease_ns_ = std::min(shortest_lease_ns_, router.lease_ns);
        vips_ = {};
        for (std::size_t id = 0; id < snapshot.services.size(); ++id)
            vips_[id] = snapshot.address_of(static_cast<std::uint16_t>(id));
    }

    // Fills each slot with an address that belongs to the next slot, so it matches no lookup.
    static void invalidate(BothFamilies& slots) {
        net::Ipv6Bytes elsewhere{};
        for (std::size_t i = 0; i < slots.v4.size(); ++i) {
            ++elsewhere.back();
            slots.v4[i].address = net::Be32(elsewhere.back()).raw();
            slots.v6[i].address = flow::words_of(elsewhere);
        }
    }

    const std::span<exchange::Counter> router_frames_;
    BothFamilies vip_slots_;
    BothFamilies local_slots_;
    std::array<const exchange::OwnedAddress*, exchange::max_services> vips_{};
    const exchange::PollRound* round_ = nullptr;
    const exchange::Snapshot* snapshot_ = nullptr;
    std::uint64_t generation_ = 0;
    std::uint64_t shortest_lease_ns_ = 0;
    decltype(exchange::OwnershipView::words) words_{};
    std::size_t word_count_ = 0;  // of words_, those in use
};

}  // namespace warren::fast_path
