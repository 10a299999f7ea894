// SPDX-License-Identifier: BSD-3-Clause
// What is ours now, for segments by the million: the addresses that they came to last, and the VIP
// of each service. The snapshot and the ownership words are asked once, and again when either has
// changed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "exchange/poll_round.h"
#include "exchange/worker_link.h"
#include "flow/tuple_words.h"
#include "lane/words.h"

namespace warren::lane {

class OurAddresses {
  public:
    struct Ours {
        std::uint64_t mac = 0;                // mac_of() what it is answered for with
        exchange::Counter* frames = nullptr;  // of its virtual router
        std::uint8_t port = 0;
        bool is_hosts = false;
    };

    explicit OurAddresses(std::span<exchange::Counter> router_frames)
        : router_frames_(router_frames) {}

    // What was ours in the round before may not be ours in this one. `round` is asked until the
    // next one begins. Whether its snapshot is another one.
    bool begin_round(const exchange::PollRound& round) {
        round_ = &round;
        const bool same_world =
            round.snapshot == snapshot_ && round.snapshot->generation == generation_;
        if (same_world && owns_as_before()) [[likely]]
            return false;
        if (!same_world) follow(*round.snapshot);
        words_ = round.ownership.words;
        forget(known_vips_);
        forget(known_locals_);
        return !same_world;
    }

    // Null: not ours now.
    template <typename Address>
    const Ours* find_vip(const Address& address) {
        return find(known_vips_, address);
    }
    template <typename Address>
    const Ours* find_local(const Address& address) {
        return find(known_locals_, address);
    }

    static net::IpAddress whole(net::Be32 address) { return net::IpAddress::v4(address); }
    static net::IpAddress whole(const net::Ipv6Bytes& address) {
        return net::IpAddress::v6(address);
    }

    // Null: nobody owns it.
    const exchange::OwnedAddress* vip_of(std::uint16_t service) const { return vips_[service]; }

  private:
    template <typename Words>
    struct Known {
        Words address;
        Ours ours;
    };
    // The segments of a burst want the same few. They are neighbours, so the last byte tells them
    // apart.
    template <typename Words>
    using Few = std::array<Known<Words>, 8>;
    struct BothFamilies {
        Few<std::uint32_t> v4{};
        Few<flow::AddressWords> v6{};
    };

    const Ours* find(BothFamilies& known, net::Be32 address) {
        return find(known.v4[address.host() % known.v4.size()], address.raw(), address);
    }
    const Ours* find(BothFamilies& known, const net::Ipv6Bytes& address) {
        return find(known.v6[address.back() % known.v6.size()], flow::words_of(address), address);
    }

    template <typename Words, typename Address>
    const Ours* find(Known<Words>& known, const Words& words, const Address& address) {
        if (known.address != words && !learn(known, words, address)) [[unlikely]]
            return nullptr;
        return &known.ours;
    }
    template <typename Words, typename Address>
    [[gnu::noinline]] bool learn(Known<Words>& known, const Words& words, const Address& address) {
        const exchange::OwnedAddress* owned = round_->snapshot->find_address(whole(address));
        if (owned == nullptr || !round_->owns(*owned)) return false;
        known = {words,
                 {mac_of(owned->mac), &router_frames_[owned->virtual_router], owned->port,
                  owned->is_hosts}};
        return true;
    }

    // A lease that is over takes a bit with it that still stands in the words.
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

    // Each says an address that would be looked for in the next one.
    static void forget(BothFamilies& known) {
        net::Ipv6Bytes elsewhere{};
        for (std::size_t i = 0; i < known.v4.size(); ++i) {
            ++elsewhere.back();
            known.v4[i].address = net::Be32(elsewhere.back()).raw();
            known.v6[i].address = flow::words_of(elsewhere);
        }
    }

    const std::span<exchange::Counter> router_frames_;
    BothFamilies known_vips_;
    BothFamilies known_locals_;
    std::array<const exchange::OwnedAddress*, exchange::max_services> vips_{};
    const exchange::PollRound* round_ = nullptr;
    const exchange::Snapshot* snapshot_ = nullptr;
    std::uint64_t generation_ = 0;
    std::uint64_t shortest_lease_ns_ = 0;
    decltype(exchange::OwnershipView::words) words_{};
    std::size_t word_count_ = 0;  // of them, those that say something
};

}  // namespace warren::lane
