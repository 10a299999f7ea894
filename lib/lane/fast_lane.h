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
#include <cstring>
#include <span>
#include <utility>

#include "exchange/poll_round.h"
#include "exchange/worker_link.h"
#include "flow/seq_shift.h"
#include "flow/sequence.h"
#include "flow/table.h"
#include "lane/plain.h"
#include "lane/words.h"

namespace warren::lane {

// The owned addresses that were asked for last: the frames of a burst want the same few. Local
// addresses are neighbours, so the last byte tells them apart.
class RecentAddresses {
  public:
    const exchange::OwnedAddress* find(const exchange::Snapshot& snapshot, net::Be32 address) {
        Recent4& recent = recent4_[address.host() % recent4_.size()];
        if (recent.found == nullptr || recent.address != address) [[unlikely]]
            recent = {address, snapshot.find_address(net::IpAddress::v4(address))};
        return recent.found;
    }
    const exchange::OwnedAddress* find(const exchange::Snapshot& snapshot,
                                       const net::Ipv6Bytes& address) {
        const exchange::OwnedAddress*& found = recent6_[address.back() % recent6_.size()];
        if (found == nullptr || flow::words_of(found->address) != flow::words_of(address))
            [[unlikely]]
            found = snapshot.find_address(net::IpAddress::v6(address));
        return found;
    }
    // They are good for one snapshot.
    void follow(const exchange::Snapshot& snapshot) {
        if (&snapshot == snapshot_ && snapshot.generation == generation_) [[likely]]
            return;
        snapshot_ = &snapshot;
        generation_ = snapshot.generation;
        recent4_ = {};
        recent6_ = {};
    }

  private:
    struct Recent4 {
        net::Be32 address;
        const exchange::OwnedAddress* found = nullptr;
    };

    std::array<Recent4, 8> recent4_{};
    std::array<const exchange::OwnedAddress*, 8> recent6_{};
    const exchange::Snapshot* snapshot_ = nullptr;
    std::uint64_t generation_ = 0;
};

class FastLane {
  public:
    // What is kept of a frame between the stages.
    struct Seen {
        flow::FlowTable::Place place;
        std::uint32_t candidate;
        bool is_v4;
    };

    FastLane(flow::FlowTable& flows, exchange::WorkerLink& link)
        : flows_(flows), servers_(link.servers), router_frames_(link.router_frames) {}

    void begin_round(const exchange::Snapshot& snapshot) { addresses_.follow(snapshot); }
    // That port has this MAC from now on.
    void follow_port(std::uint8_t port, const net::MacAddress& mac) {
        port_macs_[port] = mac_of(mac);
    }

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

    void fetch(Seen& seen) const {
        seen.candidate = flows_.fetch_candidate(seen.place, seen.is_v4);
    }

    // In place of fetch(): it goes the whole way already.
    static void pass_by(Seen& seen) { seen.candidate = flow::FlowTable::no_candidate; }

    // From `first` to before `end`, each by send(port, mbuf). Stops at a frame that goes the whole
    // way, to which nothing has been done, and returns which one that is.
    template <typename Send>
    [[gnu::noinline]] unsigned forward(rte_mbuf* const* burst, const Seen* seen, unsigned first,
                                       unsigned end, const exchange::PollRound& round, Send send) {
        for (; first != end; ++first) {
            rte_mbuf& mbuf = *burst[first];
            const std::uint32_t candidate = seen[first].candidate;
            if (candidate == flow::FlowTable::no_candidate) [[unlikely]]
                break;
            const std::uint8_t port = seen[first].is_v4 ? forward<net::Ip4>(mbuf, candidate, round)
                                                        : forward_ipv6(mbuf, candidate, round);
            if (port == no_port) [[unlikely]]
                break;
            send(port, &mbuf);
        }
        return first;
    }

  private:
    static constexpr std::uint8_t no_port = 0xff;

    // Of a frame, all that is looked at: once it is being rewritten it says something else.
    template <typename Family>
    struct Read {
        explicit Read(const Frame<Family>& frame)
            : mac(destination_of(frame.ethernet)),
              ends(frame.tuple()),
              ip_bytes(frame.ip_bytes()),
              tcp_bytes(frame.tcp.header_bytes()),
              sequence(frame.tcp.sequence),
              acknowledgement(frame.tcp.acknowledgement) {}

        std::uint64_t mac;
        decltype(std::declval<Frame<Family>>().tuple()) ends;
        std::size_t ip_bytes;
        std::size_t tcp_bytes;
        net::Be32 sequence;
        net::Be32 acknowledgement;
    };

    template <typename Family>
    bool look(const rte_mbuf& mbuf, Seen& seen) const {
        if (!is_plain_frame<Family>(mbuf)) return false;
        seen.place = flows_.prefetch(flows_.hash(frame_of<Family>(mbuf).tuple()));
        return true;
    }

    // Apart: the loop over a burst needs its registers for the other family.
    [[gnu::noinline]] std::uint8_t forward_ipv6(rte_mbuf& mbuf, std::uint32_t candidate,
                                                const exchange::PollRound& round) {
        return forward<net::Ip6>(mbuf, candidate, round);
    }

    // The port to send it on; `no_port`: nothing has changed. What the table says of the candidate
    // may be old: frames before this one have changed it.
    template <typename Family>
    [[gnu::always_inline]] std::uint8_t forward(rte_mbuf& mbuf, std::uint32_t candidate,
                                                const exchange::PollRound& round) {
        Frame<Family>& frame = frame_of<Family>(mbuf);
        const Read<Family> read(frame);
        const auto [index, from] = flow::FlowTable::hit_of(candidate);
        flow::Flow& f = flows_[index];
        if (flow::difference(f, from, read.ends) != 0 || !is_open<Family>(f, from) ||
            source_of(frame.ethernet) == port_macs_[mbuf.port])
            return no_port;
        const exchange::OwnedAddress* vip = round.snapshot->address_of(f.service_id);
        if (vip == nullptr) return no_port;
        return from == flow::Side::client ? from_client(mbuf, frame, read, f, *vip, round)
                                          : from_server(mbuf, frame, read, f, *vip, round);
    }

    // One family on both sides (an IPv6 packet may carry what looks like our IPv4 addresses), and a
    // method that has packets of that side. What a flow of the peer's still has to learn is the
    // whole way's, and who has been asked whether it is still there.
    template <typename Family>
    static bool is_open(const flow::Flow& f, flow::Side from) {
        using namespace flow::flow_flag;
        static_assert(flow::Method::tun > flow::Method::dr && flow::Method::dr > flow::Method::nat);
        const auto last = from == flow::Side::client ? flow::Method::dr : flow::Method::nat;
        return flow::is_past_opening(f.state) && f.method <= last &&
               (f.flags & (unsure | awaits_client | awaits_server)) == 0 &&
               f.families == (is_v4<Family> ? flow::Flow::all_ipv4 : 0);
    }

    bool is_for_us(std::uint64_t mac, const rte_mbuf& mbuf, const exchange::OwnedAddress& at,
                   const exchange::PollRound& round) const {
        return round.owns(at) &&
               (mac == port_macs_[mbuf.port] || (mac == mac_of(at.mac) && at.port == mbuf.port));
    }

    // What Snapshot::claims() asks of an address that the host has too, a live flow has answered
    // but for this: its server is one of ours, its virtual_server has been.
    template <typename Family>
    [[gnu::always_inline]] std::uint8_t from_client(rte_mbuf& mbuf, Frame<Family>& frame,
                                                    const Read<Family>& read, flow::Flow& f,
                                                    const exchange::OwnedAddress& vip,
                                                    const exchange::PollRound& round) {
        if (!is_for_us(read.mac, mbuf, vip, round) ||
            (vip.is_hosts && !round.snapshot->services[f.service_id].present) ||
            !is_sound<Family>(mbuf))
            return no_port;
        const std::uint8_t port = to_server(mbuf, frame, read, f, round);
        if (port != no_port) router_frames_[vip.virtual_router].add();
        return port;
    }

    template <typename Family>
    [[gnu::always_inline]] std::uint8_t from_server(rte_mbuf& mbuf, Frame<Family>& frame,
                                                    const Read<Family>& read, flow::Flow& f,
                                                    const exchange::OwnedAddress& vip,
                                                    const exchange::PollRound& round) {
        const exchange::Snapshot& snapshot = *round.snapshot;
        const exchange::OwnedAddress* local = addresses_.find(snapshot, frame.ip.destination);
        const bool ours =
            local != nullptr
                ? is_for_us(read.mac, mbuf, *local, round) &&
                      !(local->is_hosts && snapshot.host_ports.contains(f.local_port.host()))
                : is_nat_return(frame, f, vip, mbuf, round);
        if (!ours || !is_sound<Family>(mbuf)) return no_port;
        const std::uint8_t port = to_client(mbuf, frame, read, f, vip, round);
        if (port != no_port && local != nullptr) router_frames_[local->virtual_router].add();
        return port;
    }

    // A NAT server's segment to its client, which comes to us by the MAC alone.
    template <typename Family>
    bool is_nat_return(const Frame<Family>& frame, const flow::Flow& f,
                       const exchange::OwnedAddress& vip, const rte_mbuf& mbuf,
                       const exchange::PollRound& round) const {
        const exchange::Snapshot& snapshot = *round.snapshot;
        if (f.method != flow::Method::nat) return false;
        const auto port = static_cast<std::uint8_t>(mbuf.port);
        const net::MacAddress& mac = frame.ethernet.destination;
        if (mac_of(mac) != port_macs_[port] &&
            snapshot.find_router(port, mac, [&](std::uint16_t router) {
                return round.owns(router);
            }) == exchange::Snapshot::no_router)
            return false;
        return round.owns(vip) &&
               snapshot.find_nat_server(f.server_address(), f.server_port) !=
                   exchange::Snapshot::no_server &&
               !snapshot.is_kernels(f.client_address());
    }

    template <typename Family>
    [[gnu::always_inline]] std::uint8_t to_server(const rte_mbuf& mbuf, Frame<Family>& frame,
                                                  const Read<Family>& read, flow::Flow& f,
                                                  const exchange::PollRound& round) {
        const exchange::Server& server = round.snapshot->servers[f.server_id];
        if (!server.reachable || read.ip_bytes > round.snapshot->mtu_of(server.out_port))
            return no_port;
        f.client_mac = frame.ethernet.source;
        f.client_port_index = static_cast<std::uint8_t>(mbuf.port);
        exchange::ServerCounters& counted = servers_[f.server_id];
        const std::uint32_t sequence = read.sequence.host() + f.seq_delta;
        if (!note<flow::Side::client>(f, read, sequence, round.tick)) counted.repeated.add();
        frame.ethernet.destination = server.next_hop;
        frame.ethernet.source = server.link_source;
        if (f.method == flow::Method::dr) {
            spend_hop(frame.ip);
        } else {
            const auto to = flow::words_sent_to<decltype(read.ends)>(f, flow::Side::server);
            const net::Be32 shifted(sequence);
            frame.tcp.sequence = shifted;
            rewrite(frame.ip, frame.tcp, read.ends, to, change(read.sequence.raw(), shifted.raw()));
        }
        counted.to_server.add();
        counted.to_server_bytes.add(mbuf.pkt_len);
        return server.out_port;
    }

    template <typename Family>
    [[gnu::always_inline]] std::uint8_t to_client(const rte_mbuf& mbuf, Frame<Family>& frame,
                                                  const Read<Family>& read, flow::Flow& f,
                                                  const exchange::OwnedAddress& vip,
                                                  const exchange::PollRound& round) {
        if (read.ip_bytes > round.snapshot->mtu_of(f.client_port_index)) return no_port;
        exchange::ServerCounters& counted = servers_[f.server_id];
        note<flow::Side::server>(f, read, read.sequence.host(), round.tick);
        frame.ethernet.destination = f.client_mac;
        frame.ethernet.source = round.snapshot->mac_on(f.client_port_index, vip);
        const auto to = flow::words_sent_to<decltype(read.ends)>(f, flow::Side::client);
        const net::Be32 unshifted(read.acknowledgement.host() - f.seq_delta);
        frame.tcp.acknowledgement = unshifted;
        std::uint64_t tcp_change = change(read.acknowledgement.raw(), unshifted.raw());
        if (read.tcp_bytes > sizeof(net::TcpHeader))
            tcp_change += unshift_sack(frame.tcp, read.tcp_bytes, f.seq_delta);
        rewrite(frame.ip, frame.tcp, read.ends, to, tcp_change);
        counted.to_client.add();
        counted.to_client_bytes.add(mbuf.pkt_len);
        return f.client_port_index;
    }

    [[gnu::noinline]] static std::uint64_t unshift_sack(net::TcpHeader& tcp, std::size_t bytes,
                                                        std::uint32_t seq_delta) {
        net::ChecksumDelta delta;
        flow::unshift_sack({reinterpret_cast<std::uint8_t*>(&tcp), bytes}, seq_delta, delta);
        return delta.folded();
    }

    // In the server's numbers. False: its data is repeated. A bare ACK changes no state of an
    // established flow.
    template <flow::Side from, typename Family>
    static bool note(flow::Flow& f, const Read<Family>& read, std::uint32_t sequence,
                     flow::Tick tick) {
        const flow::Segment segment{.sequence = sequence,
                                    .acknowledgement = read.acknowledgement.host(),
                                    .length = static_cast<std::uint32_t>(
                                        read.ip_bytes - Family::header_bytes - read.tcp_bytes),
                                    .flags = net::tcp_flag::ack};
        f.last_seen = tick;
        return flow::track_open(f, from, segment) || !flow::may_be_repeated(f, segment);
    }

    flow::FlowTable& flows_;
    const std::span<exchange::ServerCounters> servers_;
    const std::span<exchange::Counter> router_frames_;
    std::array<std::uint64_t, exchange::max_ports> port_macs_{};  // by the snapshot's index
    RecentAddresses addresses_;
};

}  // namespace warren::lane
