// SPDX-License-Identifier: BSD-3-Clause
// The short way of plain segments of established flows (FNAT, NAT, DR), which nearly all frames
// are. It does to a segment, its flow and the counters what the whole way (datapath: classify,
// Forwarder) does, and nothing before it knows that it can: whatever is odd about a frame, its flow
// or the world goes the whole way, in its turn, so the order within a flow is kept. Three stages, a
// burst at a time: look() at headers, fetch() what they lead to, forward().
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <optional>

#include "exchange/poll_round.h"
#include "exchange/worker_link.h"
#include "flow/probe.h"
#include "flow/sequence.h"
#include "flow/table.h"
#include "lane/plain.h"
#include "lane/segment.h"

namespace warren::lane {

// The owned addresses that were asked for last: the frames of a burst want the same few. Local
// addresses are neighbours, so the last byte tells them apart.
class RecentAddresses {
  public:
    const exchange::OwnedAddress* find(const exchange::Snapshot& snapshot,
                                       const net::IpAddress& address) {
        const exchange::OwnedAddress*& found = found_[address.bytes().back() % found_.size()];
        if (found == nullptr || found->address != address) found = snapshot.find_address(address);
        return found;
    }
    // They are good for one snapshot.
    void follow(const exchange::Snapshot& snapshot) {
        if (&snapshot == snapshot_ && snapshot.generation == generation_) [[likely]]
            return;
        snapshot_ = &snapshot;
        generation_ = snapshot.generation;
        found_ = {};
    }

  private:
    std::array<const exchange::OwnedAddress*, 8> found_{};
    const exchange::Snapshot* snapshot_ = nullptr;
    std::uint64_t generation_ = 0;
};

class FastLane {
  public:
    // What is kept of a frame between the stages.
    struct Seen {
        std::uint64_t hash;
        std::uint32_t candidate;
        bool is_v4;
    };

    FastLane(flow::FlowTable& flows, exchange::WorkerLink& link) : flows_(flows), link_(link) {}

    void begin_round(const exchange::Snapshot& snapshot) { addresses_.follow(snapshot); }

    // False: it goes the whole way.
    bool look(const rte_mbuf& mbuf, Seen& seen) const {
        constexpr net::Be16 ipv4(static_cast<std::uint16_t>(net::EtherType::ipv4));
        constexpr net::Be16 ipv6(static_cast<std::uint16_t>(net::EtherType::ipv6));
        const net::Be16 type = rte_pktmbuf_mtod(&mbuf, const net::EthernetHeader*)->ether_type;
        seen.is_v4 = type == ipv4;
        if (seen.is_v4) [[likely]]
            return look<net::Ip4>(mbuf, seen);
        return type == ipv6 && look<net::Ip6>(mbuf, seen);
    }

    void fetch(Seen& seen) const { seen.candidate = flows_.fetch_candidate(seen.hash, seen.is_v4); }

    // The port to send it on; none: nothing has changed and it goes the whole way.
    std::optional<std::uint8_t> forward(rte_mbuf& mbuf, const Seen& seen,
                                        const net::MacAddress& port_mac,
                                        const exchange::PollRound& round) {
        return seen.is_v4 ? forward<net::Ip4>(mbuf, seen, port_mac, round)
                          : forward<net::Ip6>(mbuf, seen, port_mac, round);
    }

  private:
    // Of one of a flow's. What an IPv4 address has in the flow's other line is not asked for.
    template <typename Family>
    static typename Family::Address address_of(const flow::AddressHead& head, net::Be32 tail) {
        if constexpr (is_v4<Family>)
            return tail;
        else
            return net::IpAddress(head, tail).bytes();
    }
    static net::IpAddress wide(net::Be32 address) { return net::IpAddress::v4(address); }
    static net::IpAddress wide(const net::Ipv6Bytes& address) {
        return net::IpAddress::v6(address);
    }

    template <typename Family>
    bool look(const rte_mbuf& mbuf, Seen& seen) const {
        if (!is_plain_frame<Family>(mbuf)) return false;
        seen.hash = flows_.hash(frame_of<Family>(mbuf).tuple());
        flows_.prefetch(seen.hash);
        return true;
    }

    template <typename Family>
    std::optional<std::uint8_t> forward(rte_mbuf& mbuf, const Seen& seen,
                                        const net::MacAddress& port_mac,
                                        const exchange::PollRound& round) {
        Frame<Family>& frame = frame_of<Family>(mbuf);
        const auto hit = flows_.find(frame.tuple(), seen.hash, seen.candidate);
        if (!hit) return std::nullopt;
        flow::Flow& f = flows_[hit.index];
        if (!is_open<Family>(f) || frame.ethernet.source == port_mac) return std::nullopt;
        const exchange::OwnedAddress* at =
            addresses_.find(*round.snapshot, wide(frame.ip.destination));
        const bool ours = at != nullptr ? is_for_us(frame.ethernet, mbuf, *at, port_mac, round) &&
                                              (!at->is_hosts || is_not_hosts(f, hit.from, round))
                                        : is_nat_return(frame, f, hit.from, mbuf, port_mac, round);
        if (!ours || !is_sound<Family>(mbuf)) return std::nullopt;
        const auto sent_on = hit.from == flow::Side::client ? to_server(mbuf, frame, f, round)
                                                            : to_client(mbuf, frame, f, at, round);
        if (sent_on && at != nullptr) link_.router_frames[at->virtual_router].add();
        return sent_on;
    }

    // One family on both sides (an IPv6 packet may carry what looks like our IPv4 addresses). What
    // a flow of the peer's still has to learn is the whole way's.
    template <typename Family>
    static bool is_open(const flow::Flow& f) {
        return f.state == flow::TcpState::established && f.method != flow::Method::tun &&
               (f.flags & flow::flow_flag::unsure) == 0 &&
               f.families == (is_v4<Family> ? flow::Flow::all_ipv4 : 0);
    }

    static bool is_for_us(const net::EthernetHeader& ethernet, const rte_mbuf& mbuf,
                          const exchange::OwnedAddress& at, const net::MacAddress& port_mac,
                          const exchange::PollRound& round) {
        return round.owns(at) && (ethernet.destination == port_mac ||
                                  (ethernet.destination == at.mac && at.port == mbuf.port));
    }

    // On an address that the host has too. What Snapshot::claims() asks beside this a live flow has
    // answered: its server is one of ours, its virtual_server has been.
    static bool is_not_hosts(const flow::Flow& f, flow::Side from,
                             const exchange::PollRound& round) {
        const exchange::Snapshot& snapshot = *round.snapshot;
        return from == flow::Side::client ? snapshot.services[f.service_id].present
                                          : !snapshot.host_ports.contains(f.local_port.host());
    }

    // A NAT server's segment to its client, which comes to us by the MAC alone.
    template <typename Family>
    bool is_nat_return(const Frame<Family>& frame, const flow::Flow& f, flow::Side from,
                       const rte_mbuf& mbuf, const net::MacAddress& port_mac,
                       const exchange::PollRound& round) {
        const exchange::Snapshot& snapshot = *round.snapshot;
        if (from != flow::Side::server || f.method != flow::Method::nat) return false;
        const auto port = static_cast<std::uint8_t>(mbuf.port);
        const net::MacAddress& mac = frame.ethernet.destination;
        if (mac != port_mac && snapshot.find_router(port, mac, [&](std::uint16_t router) {
                return round.owns(router);
            }) == exchange::Snapshot::no_router)
            return false;
        const auto* vip = addresses_.find(snapshot, snapshot.services[f.service_id].address);
        return vip != nullptr && round.owns(*vip) &&
               snapshot.find_nat_server(f.server_address(), f.server_port) !=
                   exchange::Snapshot::no_server &&
               !snapshot.is_kernels(f.client_address());
    }

    template <typename Family>
    [[gnu::always_inline]] std::optional<std::uint8_t> to_server(rte_mbuf& mbuf,
                                                                 Frame<Family>& frame,
                                                                 flow::Flow& f,
                                                                 const exchange::PollRound& round) {
        const exchange::Server& server = round.snapshot->servers[f.server_id];
        if (!server.reachable || frame.ip_bytes() > round.snapshot->mtu_of(server.out_port))
            return std::nullopt;
        const auto port = static_cast<std::uint8_t>(mbuf.port);
        // Their line stays clean as long as nobody moves.
        if (f.client_mac != frame.ethernet.source) f.client_mac = frame.ethernet.source;
        if (f.client_port_index != port) f.client_port_index = port;
        exchange::ServerCounters& counted = link_.servers[f.server_id];
        note(f, flow::Side::client, frame, round.tick, counted);
        const flow::AddressHeads& heads = f.heads[1];
        const flow::AddressTails& tails = f.tails[1];
        if (f.method == flow::Method::dr)
            redirect_link<Family>(frame.ethernet, frame.ip, server.link_source, server.next_hop);
        else
            rewrite(frame, {.link_source = server.link_source,
                            .link_destination = server.next_hop,
                            .source = address_of<Family>(heads.ours, tails.ours),
                            .destination = address_of<Family>(heads.theirs, tails.theirs),
                            .source_port = f.local_port,
                            .destination_port = f.server_port,
                            .from = flow::Side::client,
                            .seq_delta = f.seq_delta});
        counted.to_server.add();
        counted.to_server_bytes.add(mbuf.pkt_len);
        return server.out_port;
    }

    template <typename Family>
    [[gnu::always_inline]] std::optional<std::uint8_t> to_client(rte_mbuf& mbuf,
                                                                 Frame<Family>& frame,
                                                                 flow::Flow& f,
                                                                 const exchange::OwnedAddress* at,
                                                                 const exchange::PollRound& round) {
        const flow::AddressHeads& heads = f.heads[0];
        const flow::AddressTails& tails = f.tails[0];
        const auto vip_address = address_of<Family>(heads.ours, tails.ours);
        const exchange::OwnedAddress* vip = addresses_.find(*round.snapshot, wide(vip_address));
        if (vip == nullptr || frame.ip_bytes() > round.snapshot->mtu_of(f.client_port_index))
            return std::nullopt;
        exchange::ServerCounters& counted = link_.servers[f.server_id];
        note(f, flow::Side::server, frame, round.tick, counted);
        rewrite(frame, {.link_source = round.snapshot->mac_on(f.client_port_index, *vip),
                        .link_destination = f.client_mac,
                        .source = vip_address,
                        .destination = address_of<Family>(heads.theirs, tails.theirs),
                        .source_port = f.service_port,
                        .destination_port = f.client_port,
                        .from = flow::Side::server,
                        .seq_delta = f.seq_delta});
        counted.to_client.add();
        counted.to_client_bytes.add(mbuf.pkt_len);
        return f.client_port_index;
    }

    template <typename Family>
    [[gnu::always_inline]] static void rewrite(Frame<Family>& frame,
                                               const Rewrite<typename Family::Address>& to) {
        net::ChecksumDelta delta;
        redirect<Family>(frame.ethernet, frame.ip, to, delta);
        rewrite_tcp({reinterpret_cast<std::uint8_t*>(&frame.tcp), frame.tcp.header_bytes()}, to,
                    delta);
    }

    // Before the frame is rewritten. An ACK changes no state of an established flow.
    template <typename Family>
    static void note(flow::Flow& f, flow::Side from, const Frame<Family>& frame, flow::Tick tick,
                     exchange::ServerCounters& counted) {
        const std::uint32_t shift = from == flow::Side::client ? f.seq_delta : 0;
        const flow::Segment segment{.sequence = frame.tcp.sequence.host() + shift,
                                    .acknowledgement = frame.tcp.acknowledgement.host(),
                                    .length = static_cast<std::uint32_t>(frame.payload_bytes()),
                                    .flags = frame.tcp.flags};
        if (from == flow::Side::client && flow::is_repeated(f, segment)) counted.repeated.add();
        flow::note_seen(f, from, tick);
        flow::track_open(f, from, segment);
    }

    flow::FlowTable& flows_;
    exchange::WorkerLink& link_;
    RecentAddresses addresses_;
};

}  // namespace warren::lane
