// SPDX-License-Identifier: BSD-3-Clause
// The short way of plain segments of established flows (FNAT, NAT, DR), which nearly all frames
// are. It does to a segment, its flow and the counters what the whole way (datapath: classify,
// Forwarder) does, and nothing before it knows that it can: whatever is odd about a frame, its flow
// or the world goes the whole way, in its turn, so the order within a flow is kept. Three stages, a
// burst at a time: look() at headers, fetch() what they lead to, forward().
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "exchange/poll_round.h"
#include "exchange/worker_link.h"
#include "flow/sequence.h"
#include "flow/table.h"
#include "lane/plain.h"
#include "lane/segment.h"

namespace warren::lane {

// The owned addresses that were asked for last: the frames of a burst want the same few. Local
// addresses are neighbours, so the last byte tells them apart.
class RecentAddresses {
  public:
    const exchange::OwnedAddress* find(const exchange::Snapshot& snapshot, net::Be32 address) {
        return find(snapshot, flow::words_of(address), address.host());
    }
    const exchange::OwnedAddress* find(const exchange::Snapshot& snapshot,
                                       const net::Ipv6Bytes& address) {
        return find(snapshot, flow::words_of(address), address.back());
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
    const exchange::OwnedAddress* find(const exchange::Snapshot& snapshot,
                                       const flow::AddressWords& address, std::uint32_t last) {
        const exchange::OwnedAddress*& found = found_[last % found_.size()];
        if (found == nullptr || flow::words_of(found->address) != address) [[unlikely]]
            found =
                snapshot.find_address(net::IpAddress::v6(std::bit_cast<net::Ipv6Bytes>(address)));
        return found;
    }

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

    FastLane(flow::FlowTable& flows, exchange::WorkerLink& link)
        : flows_(flows), servers_(link.servers), router_frames_(link.router_frames) {}

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

    // The port to send it on; `no_port`: nothing has changed and it goes the whole way.
    static constexpr std::uint8_t no_port = 0xff;
    std::uint8_t forward(rte_mbuf& mbuf, const Seen& seen, const net::MacAddress& port_mac,
                         const exchange::PollRound& round) {
        return seen.is_v4 ? forward<net::Ip4>(mbuf, seen, port_mac, round)
                          : forward<net::Ip6>(mbuf, seen, port_mac, round);
    }

  private:
    // Of a segment; its header cannot say it any more while it is being rewritten.
    struct Bytes {
        std::size_t ip;
        std::size_t tcp_header;
    };

    // Of one of a flow's. What an IPv4 address has in the flow's other line is not asked for.
    template <typename Family>
    static typename Family::Address address_of(const flow::AddressHead& head, net::Be32 tail) {
        if constexpr (is_v4<Family>)
            return tail;
        else
            return net::IpAddress(head, tail).bytes();
    }

    template <typename Family>
    bool look(const rte_mbuf& mbuf, Seen& seen) const {
        if (!is_plain_frame<Family>(mbuf)) return false;
        seen.hash = flows_.hash(frame_of<Family>(mbuf).tuple());
        flows_.prefetch(seen.hash);
        return true;
    }

    template <typename Family>
    std::uint8_t forward(rte_mbuf& mbuf, const Seen& seen, const net::MacAddress& port_mac,
                         const exchange::PollRound& round) {
        Frame<Family>& frame = frame_of<Family>(mbuf);
        const auto hit = flows_.find(frame.tuple(), seen.hash, seen.candidate);
        if (!hit) return no_port;
        flow::Flow& f = flows_[hit.index];
        if (!is_open<Family>(f) || frame.ethernet.source == port_mac) return no_port;
        const exchange::OwnedAddress* vip = round.snapshot->address_of(f.service_id);
        if (vip == nullptr) return no_port;
        const Bytes bytes{frame.ip_bytes(), frame.tcp.header_bytes()};
        return hit.from == flow::Side::client
                   ? from_client(mbuf, frame, bytes, f, *vip, port_mac, round)
                   : from_server(mbuf, frame, bytes, f, *vip, port_mac, round);
    }

    // One family on both sides (an IPv6 packet may carry what looks like our IPv4 addresses). What
    // a flow of the peer's still has to learn is the whole way's, and who has been asked whether
    // it is still there.
    template <typename Family>
    static bool is_open(const flow::Flow& f) {
        using namespace flow::flow_flag;
        return flow::is_past_opening(f.state) && f.method != flow::Method::tun &&
               (f.flags & (unsure | awaits_client | awaits_server)) == 0 &&
               f.families == (is_v4<Family> ? flow::Flow::all_ipv4 : 0);
    }

    static bool is_for_us(const net::EthernetHeader& ethernet, const rte_mbuf& mbuf,
                          const exchange::OwnedAddress& at, const net::MacAddress& port_mac,
                          const exchange::PollRound& round) {
        return round.owns(at) && (ethernet.destination == port_mac ||
                                  (ethernet.destination == at.mac && at.port == mbuf.port));
    }

    // What Snapshot::claims() asks of an address that the host has too, a live flow has answered
    // but for this: its server is one of ours, its virtual_server has been.
    template <typename Family>
    [[gnu::always_inline]] std::uint8_t from_client(rte_mbuf& mbuf, Frame<Family>& frame,
                                                    const Bytes& bytes, flow::Flow& f,
                                                    const exchange::OwnedAddress& vip,
                                                    const net::MacAddress& port_mac,
                                                    const exchange::PollRound& round) {
        if (!is_for_us(frame.ethernet, mbuf, vip, port_mac, round) ||
            (vip.is_hosts && !round.snapshot->services[f.service_id].present) ||
            !is_sound<Family>(mbuf))
            return no_port;
        const std::uint8_t port = to_server(mbuf, frame, bytes, f, round);
        if (port != no_port) router_frames_[vip.virtual_router].add();
        return port;
    }

    template <typename Family>
    [[gnu::always_inline]] std::uint8_t from_server(rte_mbuf& mbuf, Frame<Family>& frame,
                                                    const Bytes& bytes, flow::Flow& f,
                                                    const exchange::OwnedAddress& vip,
                                                    const net::MacAddress& port_mac,
                                                    const exchange::PollRound& round) {
        const exchange::Snapshot& snapshot = *round.snapshot;
        const exchange::OwnedAddress* local = addresses_.find(snapshot, frame.ip.destination);
        const bool ours =
            local != nullptr
                ? is_for_us(frame.ethernet, mbuf, *local, port_mac, round) &&
                      !(local->is_hosts && snapshot.host_ports.contains(f.local_port.host()))
                : is_nat_return(frame, f, vip, mbuf, port_mac, round);
        if (!ours || !is_sound<Family>(mbuf)) return no_port;
        const std::uint8_t port = to_client(mbuf, frame, bytes, f, vip, round);
        if (port != no_port && local != nullptr) router_frames_[local->virtual_router].add();
        return port;
    }

    // A NAT server's segment to its client, which comes to us by the MAC alone.
    template <typename Family>
    static bool is_nat_return(const Frame<Family>& frame, const flow::Flow& f,
                              const exchange::OwnedAddress& vip, const rte_mbuf& mbuf,
                              const net::MacAddress& port_mac, const exchange::PollRound& round) {
        const exchange::Snapshot& snapshot = *round.snapshot;
        if (f.method != flow::Method::nat) return false;
        const auto port = static_cast<std::uint8_t>(mbuf.port);
        const net::MacAddress& mac = frame.ethernet.destination;
        if (mac != port_mac && snapshot.find_router(port, mac, [&](std::uint16_t router) {
                return round.owns(router);
            }) == exchange::Snapshot::no_router)
            return false;
        return round.owns(vip) &&
               snapshot.find_nat_server(f.server_address(), f.server_port) !=
                   exchange::Snapshot::no_server &&
               !snapshot.is_kernels(f.client_address());
    }

    template <typename Family>
    [[gnu::always_inline]] std::uint8_t to_server(rte_mbuf& mbuf, Frame<Family>& frame,
                                                  const Bytes& bytes, flow::Flow& f,
                                                  const exchange::PollRound& round) {
        const exchange::Server& server = round.snapshot->servers[f.server_id];
        if (!server.reachable || bytes.ip > round.snapshot->mtu_of(server.out_port)) return no_port;
        f.client_mac = frame.ethernet.source;
        f.client_port_index = static_cast<std::uint8_t>(mbuf.port);
        exchange::ServerCounters& counted = servers_[f.server_id];
        note<flow::Side::client>(f, frame, bytes, round.tick, counted);
        const flow::AddressHeads& heads = f.heads[1];
        const flow::AddressTails& tails = f.tails[1];
        if (f.method == flow::Method::dr)
            redirect_link<Family>(frame.ethernet, frame.ip, server.link_source, server.next_hop);
        else
            rewrite(frame, bytes,
                    {.link_source = server.link_source,
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
    [[gnu::always_inline]] std::uint8_t to_client(rte_mbuf& mbuf, Frame<Family>& frame,
                                                  const Bytes& bytes, flow::Flow& f,
                                                  const exchange::OwnedAddress& vip,
                                                  const exchange::PollRound& round) {
        const flow::AddressHeads& heads = f.heads[0];
        const flow::AddressTails& tails = f.tails[0];
        if (bytes.ip > round.snapshot->mtu_of(f.client_port_index)) return no_port;
        exchange::ServerCounters& counted = servers_[f.server_id];
        note<flow::Side::server>(f, frame, bytes, round.tick, counted);
        rewrite(frame, bytes,
                {.link_source = round.snapshot->mac_on(f.client_port_index, vip),
                 .link_destination = f.client_mac,
                 .source = address_of<Family>(heads.ours, tails.ours),
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
    [[gnu::always_inline]] static void rewrite(Frame<Family>& frame, const Bytes& bytes,
                                               const Rewrite<typename Family::Address>& to) {
        net::ChecksumDelta delta;
        redirect<Family>(frame.ethernet, frame.ip, to, delta);
        rewrite_tcp({reinterpret_cast<std::uint8_t*>(&frame.tcp), bytes.tcp_header}, to, delta);
    }

    // Before the frame is rewritten. A bare ACK changes no state of an established flow.
    template <flow::Side from, typename Family>
    static void note(flow::Flow& f, const Frame<Family>& frame, const Bytes& bytes, flow::Tick tick,
                     exchange::ServerCounters& counted) {
        const std::uint32_t shift = from == flow::Side::client ? f.seq_delta : 0;
        const flow::Segment segment{.sequence = frame.tcp.sequence.host() + shift,
                                    .acknowledgement = frame.tcp.acknowledgement.host(),
                                    .length = static_cast<std::uint32_t>(
                                        bytes.ip - Family::header_bytes - bytes.tcp_header),
                                    .flags = net::tcp_flag::ack};
        if (from == flow::Side::client && flow::is_repeated(f, segment)) counted.repeated.add();
        f.last_seen = tick;
        flow::track_open(f, from, segment);
    }

    flow::FlowTable& flows_;
    const std::span<exchange::ServerCounters> servers_;
    const std::span<exchange::Counter> router_frames_;
    RecentAddresses addresses_;
};

}  // namespace warren::lane
