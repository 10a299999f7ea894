// SPDX-License-Identifier: BSD-3-Clause
// One frame on the slow path, and its verdict.
#pragma once

#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "exchange/counters.h"
#include "exchange/poll_round.h"
#include "exchange/snapshot.h"
#include "flow/sequence.h"
#include "flow/table.h"
#include "flow/tcp.h"
#include "flow/tuple_words.h"
#include "net/bytes.h"
#include "net/family.h"
#include "net/headers.h"
#include "net/parse.h"
#include "port/unfinished.h"

namespace warren::datapath {

inline constexpr unsigned burst_size = 32;

using exchange::PollRound;

// Each frame is of exactly one kind.
enum class Kind : std::uint8_t {
    drop,          // reason in Packet::reason
    kernel,        // not for an address of ours
    arp,           // a request for an owned address
    solicitation,  // the same of IPv6
    claim,         // ARP, NS or NA in which another station claims an owned address
    echo,          // ICMP echo request to an owned address, or a fragment of one
    vrrp,          // an advert
    icmp_error,    // to an owned address or on its way to a client, about a packet of a flow
    // From here on: segments of flows.
    to_service,  // TCP to VIP:port of a virtual_server, index in Packet::service
    to_local,    // TCP to any other port of an owned address: a server's reply, or unknown
    nat_return,  // TCP of a NAT server to a client, on its way through us as the server's gateway
    handover_grace,  // TCP of one of these three, of a virtual router just handed over
};

constexpr std::string_view words_of(Kind kind) {
    constexpr std::array<std::string_view, 12> words{
        "nothing that is answered",
        "not for an address of ours",
        "an ARP request for an address of ours",
        "a neighbour solicitation for an address of ours",
        "another station's claim to an address of ours",
        "an echo request to an address of ours",
        "an advert of VRRP",
        "an ICMP error about a connection",
        "a segment to a virtual_server",
        "a segment to a local address",
        "a NAT server's segment to its client",
        "a segment of a virtual router that was handed over"};
    static_assert(words.size() == static_cast<std::size_t>(Kind::handover_grace) + 1);
    return words[static_cast<std::size_t>(kind)];
}

inline void set_length(rte_mbuf& mbuf, std::size_t bytes) {
    mbuf.data_len = static_cast<std::uint16_t>(bytes);
    mbuf.pkt_len = static_cast<std::uint32_t>(bytes);
}

struct Packet {
    static constexpr std::uint16_t no_router = 0xffff;

    rte_mbuf* mbuf = nullptr;
    net::Parsed parsed;
    std::uint64_t hash = 0;                                   // of tuple(), if is_of_flow()
    std::uint32_t candidate = flow::FlowTable::no_candidate;  // entry that seems to match
    const exchange::OwnedAddress* address = nullptr;          // the owned address it is for
    std::uint16_t service = exchange::Snapshot::no_service;
    std::uint16_t router = no_router;  // the virtual router it is for
    Kind kind = Kind::kernel;
    exchange::Drop reason{};     // of Kind::drop; and why it was refused with RST
    bool is_of_station = false;  // ARP or a neighbour message: its sender says who it is

    bool is_of_flow() const { return kind >= Kind::to_service; }

    // The flow key, as the packet arrived.
    flow::Tuple tuple() const {
        return {parsed.source, parsed.destination, parsed.source_port, parsed.destination_port};
    }
    // The same in machine words, for the lookup; Family must be the packet's.
    template <typename Family>
    auto words() const {
        const std::uint32_t ports =
            net::joined(parsed.source_port.raw(), parsed.destination_port.raw());
        if constexpr (std::is_same_v<Family, net::Ip4>)
            return flow::TupleWords4{
                net::joined(parsed.source.tail().raw(), parsed.destination.tail().raw()), ports};
        else
            return flow::TupleWords6{flow::words_of(parsed.source),
                                     flow::words_of(parsed.destination), ports};
    }
    template <typename WithWords>
    auto in_words(WithWords with_words) const {
        return parsed.network == net::Network::ipv4 ? with_words(words<net::Ip4>())
                                                    : with_words(words<net::Ip6>());
    }
    // In its sender's sequence numbers.
    flow::Segment segment() const {
        return {parsed.sequence, parsed.acknowledgement, parsed.segment_length(), parsed.tcp_flags};
    }
    bool is_syn() const { return (parsed.tcp_flags & net::tcp_flag::syn) != 0; }
    // With FIN it opens nothing.
    bool is_first_syn() const {
        return flow::kind_of(parsed.tcp_flags) == flow::SegmentKind::syn &&
               (parsed.tcp_flags & net::tcp_flag::fin) == 0;
    }
    std::uint8_t hop_limit() const {
        return parsed.network == net::Network::ipv4
                   ? net::header_at<net::Ipv4Header>(frame(), parsed.l3_offset).time_to_live
                   : net::header_at<net::Ipv6Header>(frame(), parsed.l3_offset).hop_limit;
    }

    net::Bytes frame() const {
        return {rte_pktmbuf_mtod(mbuf, std::uint8_t*), rte_pktmbuf_data_len(mbuf)};
    }
    // The frame and the tailroom behind it.
    net::Bytes room() const {
        return {rte_pktmbuf_mtod(mbuf, std::uint8_t*),
                std::size_t{rte_pktmbuf_data_len(mbuf)} + rte_pktmbuf_tailroom(mbuf)};
    }
    // The caller has written another frame over this one, `bytes` long, with complete checksums.
    void become(std::size_t bytes) const {
        set_length(*mbuf, bytes);
        port::set_finished(*mbuf);
    }
    // Makes link and IP headers `now_bytes` long together, with undefined contents; removes padding
    // and adjusts `parsed`. False: not enough headroom.
    bool resize_headers(std::uint16_t now_bytes) {
        const std::uint16_t old_bytes = parsed.l4_offset;
        set_length(*mbuf, parsed.packet_end());
        if (now_bytes > old_bytes) {
            if (rte_pktmbuf_prepend(mbuf, static_cast<std::uint16_t>(now_bytes - old_bytes)) ==
                nullptr)
                return false;
        } else {
            rte_pktmbuf_adj(mbuf, static_cast<std::uint16_t>(old_bytes - now_bytes));
        }
        parsed.l4_offset = now_bytes;
        parsed.payload_offset =
            static_cast<std::uint16_t>(parsed.payload_offset + now_bytes - old_bytes);
        return true;
    }
    // A driver that strips tags leaves them in the mbuf's metadata. VLAN id 0 is a priority tag,
    // not a VLAN (IEEE 802.1Q 6.9).
    bool is_of_vlan() const { return parsed.tag_count != 0 || has_stripped_vlan(); }
    bool has_stripped_vlan() const {
        constexpr std::uint16_t vlan_id = 0x0fff;
        return (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0 &&
               (mbuf->vlan_tci & vlan_id) != 0;
    }
    bool is_large() const { return port::is_large(*mbuf); }
    // Length of the IP packet; of the largest on the wire, if the frame is several segments (LRO).
    std::size_t bytes() const {
        const std::size_t whole = parsed.packet_end() - parsed.l3_offset;
        if (!is_large()) [[likely]]
            return whole;
        return std::min(whole,
                        std::size_t{parsed.payload_offset} - parsed.l3_offset + mbuf->tso_segsz);
    }
    std::uint8_t port() const { return static_cast<std::uint8_t>(mbuf->port); }
};

// alignas(4): one word, which is returned in a register.
struct alignas(4) Verdict {
    enum class Action : std::uint8_t { transmit, drop, punt, kernel, hand_off, held };
    Action action = Action::kernel;
    exchange::Drop reason{};
    std::uint8_t target = 0;  // port to transmit on, or worker to hand off to

    static constexpr Verdict transmit(std::uint8_t port) { return {Action::transmit, {}, port}; }
    static constexpr Verdict drop(exchange::Drop reason) { return {Action::drop, reason, 0}; }
    // Kept by someone else, who transmits or frees it later.
    static constexpr Verdict held() { return {Action::held, {}, 0}; }
    static constexpr Verdict punt() { return {Action::punt, {}, 0}; }
    static constexpr Verdict kernel() { return {Action::kernel, {}, 0}; }
    static constexpr Verdict hand_off(unsigned worker) {
        return {Action::hand_off, {}, static_cast<std::uint8_t>(worker)};
    }
};

}  // namespace warren::datapath
