// SPDX-License-Identifier: BSD-3-Clause
// The short way of plain segments of flows past their SYNs (FNAT, NAT, DR), which nearly all frames
// are. It does to a segment, its flow and the counters what the whole way (datapath: classify,
// Forwarder) does, and nothing before it knows that it can: whatever is odd about a frame, its flow
// or the world goes the whole way, in its turn, so the order within a flow is kept. Three stages, a
// burst at a time: look() at headers, fetch() what they lead to, forward().
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <span>

#include "exchange/handoff_ring.h"
#include "exchange/poll_round.h"
#include "exchange/worker_link.h"
#include "flow/seq_shift.h"
#include "flow/sequence.h"
#include "flow/table.h"
#include "lane/our_addresses.h"
#include "lane/plain.h"
#include "lane/ways.h"
#include "lane/words.h"

namespace warren::lane {

class FastLane {
  public:
    // What is kept of a frame between the stages.
    struct Seen {
        flow::FlowTable::Place place;
        std::uint32_t ip_bytes;
        bool is_v4;
        flow::FlowTable::Candidate candidate;  // no flow: the frame goes the whole way
        std::uint32_t payload_bytes;           // TCP's; not beside ip_bytes, which takes more steps
    };

    FastLane(flow::FlowTable& flows, exchange::WorkerLink& link)
        : flows_(flows), servers_(link.servers), addresses_(link.router_frames) {}

    // `round` is asked until the next one begins.
    void begin_round(const exchange::PollRound& round) {
        round_ = &round;
        snapshot_ = round.snapshot;
        tick_ = round.tick;
        if (addresses_.begin_round(round)) ways_.follow(*round.snapshot);
    }
    // That port has this MAC from now on.
    void follow_port(std::uint8_t port, const net::MacAddress& mac) {
        port_macs_[port] = mac_of(mac);
    }

    // Which of the frames from `first` to before `end` go the whole way: bit i is burst[i]. Apart:
    // the loop needs its registers.
    [[gnu::noinline]] std::uint32_t look(rte_mbuf* const* burst, Seen* seen, unsigned first,
                                         unsigned end) const {
        std::uint32_t whole_way = 0;
        for (unsigned i = first; i < end; ++i) {
            if (look(*burst[i], seen[i])) [[likely]]
                continue;
            pass_by(seen[i]);
            whole_way |= 1U << i;
        }
        return whole_way;
    }
    // In place of look(), of frames that another worker has looked at.
    std::uint32_t recall(const exchange::Handed* handed, Seen* seen, unsigned first,
                         unsigned end) const {
        std::uint32_t whole_way = 0;
        for (unsigned i = first; i < end; ++i) {
            if (handed[i].is_plain) [[likely]] {
                seen[i].place = flows_.prefetch(handed[i].flow_hash);
                seen[i].ip_bytes = handed[i].ip_bytes;
                seen[i].is_v4 = handed[i].is_v4;
                seen[i].payload_bytes = handed[i].payload_bytes;
                continue;
            }
            pass_by(seen[i]);
            whole_way |= 1U << i;
        }
        return whole_way;
    }
    // In place of look(): all of them do.
    static std::uint32_t pass_by(Seen* seen, unsigned first, unsigned end) {
        std::uint32_t whole_way = 0;
        for (unsigned i = first; i < end; ++i) {
            pass_by(seen[i]);
            whole_way |= 1U << i;
        }
        return whole_way;
    }

    void fetch(Seen* seen, unsigned first, unsigned end) const {
        for (unsigned i = first; i < end; ++i)
            flows_.fetch_candidate(seen[i].place, seen[i].is_v4, seen[i].candidate);
    }

    // From `first` to before `end`, each by out.send(port, mbuf); out.change(flow, state, from,
    // flags) is told of the few that change their flow's state. Stops at a frame that goes the
    // whole way, to which nothing has been done, and returns which one that is.
    template <typename Out>
    unsigned forward(rte_mbuf* const* burst, const Seen* seen, unsigned first, unsigned end,
                     Out out) {
        while (first != end) {
            const unsigned start = first;
            first = seen[first].is_v4 ? forward_all<net::Ip4>(burst, seen, first, end, out)
                                      : forward_all<net::Ip6>(burst, seen, first, end, out);
            if (first != start) continue;
            if (!may_change(*burst[first], seen[first]) ||
                !forward_change(*burst[first], seen[first], out))
                break;
            ++first;
        }
        return first;
    }

    // A plain segment to an address of ours that is of no flow here, but may be of another worker's
    // whom its tuple leads to.
    struct Stray {
        flow::Tuple tuple;
        exchange::Counter* frames = nullptr;  // of the virtual router
        std::uint64_t flow_hash = 0;
    };
    // Of a segment without a candidate; written in its place, as copies of words just written in
    // parts are waited for. False: it is none, or the whole way must ask more.
    bool find_stray(rte_mbuf& mbuf, const Seen& seen, Stray& stray) {
        return seen.is_v4 ? find_stray<net::Ip4>(mbuf, stray) : find_stray<net::Ip6>(mbuf, stray);
    }

  private:
    bool look(const rte_mbuf& mbuf, Seen& seen) const {
        const std::uint32_t opening = opening_of(mbuf);
        seen.is_v4 = opens<net::Ip4>(opening);
        if (seen.is_v4) [[likely]]
            return look<net::Ip4>(mbuf, seen);
        return opens<net::Ip6>(opening) && look<net::Ip6>(mbuf, seen);
    }
    template <typename Family>
    bool look(const rte_mbuf& mbuf, Seen& seen) const {
        if (!is_plain_frame<Family>(mbuf, seen.ip_bytes, seen.payload_bytes)) return false;
        seen.place = flows_.prefetch(flows_.hash(frame_of<Family>(mbuf).tuple()));
        return true;
    }
    static void pass_by(Seen& seen) {
        seen.place = flow::FlowTable::nowhere();
        seen.is_v4 = true;
    }

    // Those of one family that follow each other. Apart: the loop needs its registers for them.
    template <typename Family, typename Out>
    [[gnu::noinline]] unsigned forward_all(rte_mbuf* const* burst, const Seen* seen, unsigned first,
                                           unsigned end, Out out) {
        rte_mbuf* const* frame = burst + first;
        rte_mbuf* const* const last = burst + end;
        for (const Seen* at = seen + first; frame != last; ++frame, ++at)
            if (at->candidate.flow == nullptr || at->is_v4 != is_v4<Family> ||
                !forward<Family, false>(**frame, *at, out))
                break;
        return static_cast<unsigned>(frame - burst);
    }
    // Whether it may do more than a bare ACK. What else stops at an established flow is odd.
    static bool may_change(const rte_mbuf& mbuf, const Seen& seen) {
        const flow::Flow* f = seen.candidate.flow;
        return f != nullptr &&
               (f->state != flow::TcpState::established ||
                has_fin(seen.is_v4 ? frame_of<net::Ip4>(mbuf).tcp : frame_of<net::Ip6>(mbuf).tcp));
    }
    // Such a one: it ends the handshake or the connection.
    template <typename Out>
    [[gnu::noinline]] bool forward_change(rte_mbuf& mbuf, const Seen& seen, Out out) {
        return seen.is_v4 ? forward<net::Ip4, true>(mbuf, seen, out)
                          : forward<net::Ip6, true>(mbuf, seen, out);
    }

    // False: nothing has changed. What the table says of the candidate may be old: frames before
    // this one have changed it.
    template <typename Family, bool changes, typename Out>
    [[gnu::always_inline]] bool forward(rte_mbuf& mbuf, const Seen& seen, Out out) {
        using enum flow::Side;
        Frame<Family>& frame = frame_of<Family>(mbuf);
        flow::Flow& f = *seen.candidate.flow;
        if (flow::difference(f, seen.candidate.from, frame.tuple()) != 0 ||
            !may_pass<Family, changes>(f, seen.candidate.from, frame.tcp) ||
            source_of(frame.ethernet) == port_macs_[mbuf.port])
            return false;
        if (seen.candidate.from == client) {
            if (flow::sees_both_sides(f.method)) [[likely]]
                return from_client<false, changes>(mbuf, frame, seen, f, out);
            return f.method == flow::Method::dr &&
                   from_client<true, changes>(mbuf, frame, seen, f, out);
        }
        if (f.method == flow::Method::fnat) [[likely]]
            return from_server<changes>(mbuf, frame, seen, f, out);
        return f.method == flow::Method::nat && from_nat_server<changes>(mbuf, frame, seen, f, out);
    }

    // One family on both sides (an IPv6 packet may carry what looks like our IPv4 addresses). What
    // a flow of the peer's still has to learn is the whole way's, and what a server has to be told
    // of its client, and who has been asked whether it is still there. A client that answers its
    // server opens the flow; either end's FIN begins to close it.
    template <typename Family, bool changes>
    static bool may_pass(const flow::Flow& f, flow::Side from, const net::TcpHeader& tcp) {
        using namespace flow::flow_flag;
        constexpr std::uint8_t odd = unsure | awaits_client | awaits_server;
        constexpr std::uint8_t families = is_v4<Family> ? flow::Flow::all_ipv4 : 0;
        if constexpr (!changes) {
            return f.state == flow::TcpState::established && f.families == families &&
                   f.header_due == net::ProxyVersion::none && (f.flags & odd) == 0 && !has_fin(tcp);
        } else {
            const flow::Segment answer{.acknowledgement = tcp.acknowledgement.host(),
                                       .flags = net::tcp_flag::ack};
            const bool opens = f.state == flow::TcpState::syn_received &&
                               from == flow::Side::client && flow::answers_server(f, answer);
            return f.families == families && f.header_due == net::ProxyVersion::none &&
                   (f.flags & odd) == 0 && (flow::is_past_opening(f.state) || opens);
        }
    }

    bool is_for(const OurAddresses::Ours& at, const net::EthernetHeader& ethernet,
                const rte_mbuf& mbuf) const {
        const std::uint64_t mac = destination_of(ethernet);
        return mac == port_macs_[mbuf.port] || (mac == at.mac && at.port == mbuf.port);
    }

    // What the whole way asks (datapath's classify) before it looks for the owner.
    template <typename Family>
    bool find_stray(rte_mbuf& mbuf, Stray& stray) {
        const Frame<Family>& frame = frame_of<Family>(mbuf);
        const OurAddresses::Ours* ours = addresses_.find_vip(frame.ip.destination);
        if (ours == nullptr || !is_for(*ours, frame.ethernet, mbuf) ||
            source_of(frame.ethernet) == port_macs_[mbuf.port] || !is_sound<Family>(mbuf))
            return false;
        const auto words = frame.tuple();
        stray.flow_hash = flows_.hash(words);
        if (flows_.find(words, stray.flow_hash)) return false;
        stray.frames = ours->frames;
        stray.tuple.source = OurAddresses::whole(frame.ip.source);
        stray.tuple.destination = OurAddresses::whole(frame.ip.destination);
        stray.tuple.source_port = frame.tcp.source_port;
        stray.tuple.destination_port = frame.tcp.destination_port;
        return goes_by_tuple(stray.tuple, *ours);
    }
    // Its owner is found by the whole tuple, and what it is for is ours, not the host's.
    bool goes_by_tuple(const flow::Tuple& tuple, const OurAddresses::Ours& ours) const {
        if (tuple.source.is_unspecified() || tuple.source == net::IpAddress::v4(0, 0, 0, 0))
            return false;
        const std::uint16_t service =
            snapshot_->find_service(tuple.destination, tuple.destination_port);
        if (service != exchange::Snapshot::no_service)
            return !snapshot_->services[service].goes_by_client();
        return !ours.is_hosts || snapshot_->claims(tuple.source, tuple.source_port,
                                                   tuple.destination, tuple.destination_port);
    }

    // `direct`: DR, only the link changes. What Snapshot::claims() asks of an address that the host
    // has too, a live flow has answered but for this: its server is one of ours, its virtual_server
    // has been.
    template <bool direct, bool changes, typename Family, typename Out>
    [[gnu::always_inline]] bool from_client(rte_mbuf& mbuf, Frame<Family>& frame, const Seen& seen,
                                            flow::Flow& f, Out out) {
        const OurAddresses::Ours* vip = addresses_.find_vip(frame.ip.destination);
        const Ways::Way& way = ways_.to_server(f.server_id);
        if (vip == nullptr || !is_for(*vip, frame.ethernet, mbuf) || seen.ip_bytes > way.room ||
            (vip->is_hosts && !snapshot_->services[f.service_id].present) ||
            !is_sound<Family>(mbuf))
            return false;
        exchange::ServerCounters& counted = servers_[f.server_id];
        f.client_mac = frame.ethernet.source;
        f.client_port_index = static_cast<std::uint8_t>(mbuf.port);
        const net::Be32 sequence(frame.tcp.sequence.host() + f.seq_delta);
        if (!note<flow::Side::client, changes>(f, frame.tcp, sequence.host(), seen, out))
            counted.repeated.add();
        if constexpr (direct) {
            spend_hop(frame.ip);
        } else {
            const auto from = frame.tuple();
            const auto to = flow::words_sent_to<decltype(frame.tuple())>(f, flow::Side::server);
            const std::uint64_t shift = change(frame.tcp.sequence.raw(), sequence.raw());
            frame.tcp.sequence = sequence;
            rewrite(frame.ip, frame.tcp, from, to, shift);
        }
        way.lead(frame.ethernet);
        vip->frames->add();
        counted.to_server.add();
        counted.to_server_bytes.add(mbuf.pkt_len);
        out.send(way.port, &mbuf);
        return true;
    }

    template <bool changes, typename Family, typename Out>
    [[gnu::always_inline]] bool from_server(rte_mbuf& mbuf, Frame<Family>& frame, const Seen& seen,
                                            flow::Flow& f, Out out) {
        const OurAddresses::Ours* local = addresses_.find_local(frame.ip.destination);
        if (local == nullptr || !is_for(*local, frame.ethernet, mbuf) ||
            (local->is_hosts && snapshot_->host_ports.contains(f.local_port.host())) ||
            !to_client<changes>(mbuf, frame, seen, f, out))
            return false;
        local->frames->add();
        return true;
    }

    // It comes to us by the MAC alone.
    template <bool changes, typename Family, typename Out>
    [[gnu::noinline]] bool from_nat_server(rte_mbuf& mbuf, Frame<Family>& frame, const Seen& seen,
                                           flow::Flow& f, Out out) {
        const auto port = static_cast<std::uint8_t>(mbuf.port);
        const net::MacAddress& mac = frame.ethernet.destination;
        const auto is_ours = [this](std::uint16_t router) { return round_->owns(router); };
        const exchange::OwnedAddress* vip = addresses_.vip_of(f.service_id);
        return (mac_of(mac) == port_macs_[port] ||
                snapshot_->find_router(port, mac, is_ours) != exchange::Snapshot::no_router) &&
               vip != nullptr && round_->owns(*vip) &&
               snapshot_->find_address(f.client_address()) == nullptr &&
               snapshot_->find_nat_server(f.server_address(), f.server_port) !=
                   exchange::Snapshot::no_server &&
               !snapshot_->is_kernels(f.client_address()) &&
               to_client<changes>(mbuf, frame, seen, f, out);
    }

    template <bool changes, typename Family, typename Out>
    [[gnu::always_inline]] bool to_client(rte_mbuf& mbuf, Frame<Family>& frame, const Seen& seen,
                                          flow::Flow& f, Out out) {
        const exchange::OwnedAddress* vip = addresses_.vip_of(f.service_id);
        if (vip == nullptr || seen.ip_bytes > snapshot_->mtu_of(f.client_port_index) ||
            !is_sound<Family>(mbuf))
            return false;
        exchange::ServerCounters& counted = servers_[f.server_id];
        note<flow::Side::server, changes>(f, frame.tcp, frame.tcp.sequence.host(), seen, out);
        const net::Be32 unshifted(frame.tcp.acknowledgement.host() - f.seq_delta);
        std::uint64_t tcp_change = change(frame.tcp.acknowledgement.raw(), unshifted.raw());
        frame.tcp.acknowledgement = unshifted;
        if (has_options(frame.tcp)) tcp_change += unshift_sack(frame.tcp, f.seq_delta);
        const auto from = frame.tuple();
        const auto to = flow::words_sent_to<decltype(frame.tuple())>(f, flow::Side::client);
        rewrite(frame.ip, frame.tcp, from, to, tcp_change);
        frame.ethernet.destination = f.client_mac;
        frame.ethernet.source = vip->port == f.client_port_index
                                    ? vip->mac
                                    : snapshot_->mac_on(f.client_port_index, *vip);
        counted.to_client.add();
        counted.to_client_bytes.add(mbuf.pkt_len);
        out.send(f.client_port_index, &mbuf);
        return true;
    }

    [[gnu::noinline]] static std::uint64_t unshift_sack(net::TcpHeader& tcp,
                                                        std::uint32_t seq_delta) {
        net::ChecksumDelta delta;
        flow::unshift_sack({reinterpret_cast<std::uint8_t*>(&tcp), tcp.header_bytes()}, seq_delta,
                           delta);
        return delta.folded();
    }

    // In the server's numbers. False: its data is repeated. A bare ACK changes no state of an
    // established flow.
    template <flow::Side from, bool changes, typename Out>
    bool note(flow::Flow& f, const net::TcpHeader& tcp, std::uint32_t sequence, const Seen& seen,
              Out out) const {
        const std::uint32_t fin = changes && has_fin(tcp) ? 1 : 0;
        const flow::Segment segment{.sequence = sequence,
                                    .acknowledgement = tcp.acknowledgement.host(),
                                    .length = seen.payload_bytes + fin,
                                    .flags = net::tcp_flag::ack};
        f.last_seen = tick_;
        const bool is_fresh =
            flow::track_open(f, from, segment) || !flow::may_be_repeated(f, segment);
        if constexpr (changes)
            if (const auto next = flow::step(f.state, from, tcp.flags); next != f.state)
                out.change(f, next, from, tcp.flags);
        return is_fresh;
    }

    flow::FlowTable& flows_;
    const std::span<exchange::ServerCounters> servers_;
    const exchange::PollRound* round_ = nullptr;
    const exchange::Snapshot* snapshot_ = nullptr;                // the round's
    flow::Tick tick_ = 0;                                         // the same
    std::array<std::uint64_t, exchange::max_ports> port_macs_{};  // by the snapshot's index
    OurAddresses addresses_;
    Ways ways_;
};

}  // namespace warren::lane
