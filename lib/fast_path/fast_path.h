// SPDX-License-Identifier: BSD-3-Clause
// The fast path: plain TCP segments of established flows (FNAT, NAT, DR), which nearly all frames
// are. Its effect on frame, flow and counters equals that of the slow path (datapath's classify and
// Forwarder). It checks everything before it changes anything; a frame that fails a check takes the
// slow path at its place in the burst, so the order within a flow is kept. Three stages, a burst at
// a time: parse(), find_candidates(), forward().
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <span>

#include "exchange/handoff_ring.h"
#include "exchange/poll_round.h"
#include "exchange/worker_link.h"
#include "fast_path/header_words.h"
#include "fast_path/next_hops.h"
#include "fast_path/owned_address_cache.h"
#include "fast_path/plain.h"
#include "flow/seq_shift.h"
#include "flow/sequence.h"
#include "flow/spread.h"
#include "flow/table.h"

namespace warren::fast_path {

class FastPath {
  public:
    // Of one frame, from stage to stage.
    struct FrameInfo {
        flow::FlowTable::Place place;
        std::uint32_t ip_bytes;
        bool is_v4;
        flow::FlowTable::Candidate candidate;  // no flow: the frame takes the slow path
        std::uint32_t payload_bytes;  // TCP's; beside ip_bytes it would cost more instructions
    };

    FastPath(flow::FlowTable& flows, const flow::Spread& spread, exchange::WorkerLink& link)
        : flows_(flows), spread_(spread), servers_(link.servers), addresses_(link.router_frames) {}

    // `round` must stay valid until the next call.
    void begin_round(const exchange::PollRound& round) {
        round_ = &round;
        snapshot_ = round.snapshot;
        tick_ = round.tick;
        if (addresses_.begin_round(round)) next_hops_.follow(*round.snapshot);
    }
    void set_port_mac(std::uint8_t port, const net::MacAddress& mac) {
        port_macs_[port] = mac_of(mac);
    }

    // Stage 1, of burst[first, end): reads the headers, hashes the tuple and prefetches its bucket.
    // Returns the frames that take the slow path: bit i is burst[i]. Not inline: the caller's loop
    // would spill registers.
    [[gnu::noinline]] std::uint32_t parse(rte_mbuf* const* burst, FrameInfo* info, unsigned first,
                                          unsigned end) const {
        std::uint32_t slow_path = 0;
        for (unsigned i = first; i < end; ++i) {
            if (parse(*burst[i], info[i])) [[likely]]
                continue;
            send_to_slow_path(info[i]);
            slow_path |= 1U << i;
        }
        return slow_path;
    }
    // In place of parse(), for frames that another worker has parsed and handed off.
    std::uint32_t accept_parsed(const exchange::HandoffFrame* handed, FrameInfo* info,
                                unsigned first, unsigned end) const {
        std::uint32_t slow_path = 0;
        for (unsigned i = first; i < end; ++i) {
            if (handed[i].is_plain) [[likely]] {
                info[i].place = flows_.prefetch(handed[i].flow_hash);
                info[i].ip_bytes = handed[i].ip_bytes;
                info[i].is_v4 = handed[i].is_v4;
                info[i].payload_bytes = handed[i].payload_bytes;
                continue;
            }
            send_to_slow_path(info[i]);
            slow_path |= 1U << i;
        }
        return slow_path;
    }
    // In place of parse(), while the fast path is off.
    static std::uint32_t send_to_slow_path(FrameInfo* info, unsigned first, unsigned end) {
        std::uint32_t slow_path = 0;
        for (unsigned i = first; i < end; ++i) {
            send_to_slow_path(info[i]);
            slow_path |= 1U << i;
        }
        return slow_path;
    }

    // Stage 2: searches each bucket and prefetches the flow that seems to match. Returns the frames
    // to look for in their other bucket when that has arrived: bit i is burst[i].
    std::uint32_t find_candidates(FrameInfo* info, unsigned first, unsigned end) const {
        std::uint32_t displaced = 0;
        for (unsigned i = first; i < end; ++i)
            if (flows_.fetch_candidate(info[i].place, info[i].is_v4, info[i].candidate))
                [[unlikely]]
                displaced |= 1U << i;
        return displaced;
    }
    void find_displaced(FrameInfo* info, std::uint32_t displaced) const {
        for (; displaced != 0; displaced &= displaced - 1) {
            FrameInfo& one = info[std::countr_zero(displaced)];
            flows_.fetch_candidate(one.place, one.is_v4, one.candidate);
        }
    }

    // Stage 3, of burst[first, end): rewrites each frame and sends it by out.send(port, mbuf);
    // calls out.change(flow, state, from, flags) for the few that change their flow's state. Stops
    // at the first frame that takes the slow path, leaves it untouched and returns its index.
    template <typename Out>
    unsigned forward(rte_mbuf* const* burst, const FrameInfo* info, unsigned first, unsigned end,
                     Out out) {
        while (first != end) {
            const unsigned start = first;
            first = info[first].is_v4 ? forward_all<net::Ip4>(burst, info, first, end, out)
                                      : forward_all<net::Ip6>(burst, info, first, end, out);
            if (first != start) continue;
            if (!may_change(*burst[first], info[first]) ||
                !forward_change(*burst[first], info[first], out))
                break;
            ++first;
        }
        return first;
    }

    // A plain segment to an owned address, without a flow in this worker: its tuple's entry
    // (flow::Spread) leads to the worker that may have it.
    struct ForeignSegment {
        unsigned entry = 0;
        exchange::Counter* frames = nullptr;  // of the virtual router
        std::uint64_t flow_hash = 0;
    };
    // For a segment without a candidate. An out parameter, as a copy would stall on store
    // forwarding. False: not foreign, or only the slow path can tell.
    bool find_foreign(rte_mbuf& mbuf, const FrameInfo& info, ForeignSegment& foreign) {
        return info.is_v4 ? find_foreign<net::Ip4>(mbuf, foreign)
                          : find_foreign<net::Ip6>(mbuf, foreign);
    }

  private:
    bool parse(const rte_mbuf& mbuf, FrameInfo& info) const {
        const std::uint32_t word = ether_type_and_version(mbuf);
        info.is_v4 = is_family<net::Ip4>(word);
        if (info.is_v4) [[likely]]
            return parse<net::Ip4>(mbuf, info);
        return is_family<net::Ip6>(word) && parse<net::Ip6>(mbuf, info);
    }
    template <typename Family>
    bool parse(const rte_mbuf& mbuf, FrameInfo& info) const {
        if (!is_plain_frame<Family>(mbuf, info.ip_bytes, info.payload_bytes)) return false;
        info.place = flows_.prefetch(flows_.hash(frame_of<Family>(mbuf).tuple()));
        return true;
    }
    static void send_to_slow_path(FrameInfo& info) {
        info.place = flow::FlowTable::nowhere();
        info.is_v4 = true;
    }

    // A run of frames of one family. Not inline: the caller's loop would spill registers.
    template <typename Family, typename Out>
    [[gnu::noinline]] unsigned forward_all(rte_mbuf* const* burst, const FrameInfo* info,
                                           unsigned first, unsigned end, Out out) {
        rte_mbuf* const* frame = burst + first;
        rte_mbuf* const* const last = burst + end;
        for (const FrameInfo* at = info + first; frame != last; ++frame, ++at)
            if (at->candidate.flow == nullptr || at->is_v4 != is_v4<Family> ||
                !forward<Family, false>(**frame, *at, out))
                break;
        return static_cast<unsigned>(frame - burst);
    }
    // Whether the segment may change its flow's state: a FIN, or the ACK that ends the handshake.
    static bool may_change(const rte_mbuf& mbuf, const FrameInfo& info) {
        const flow::Flow* f = info.candidate.flow;
        return f != nullptr &&
               (f->state != flow::TcpState::established ||
                has_fin(info.is_v4 ? frame_of<net::Ip4>(mbuf).tcp : frame_of<net::Ip6>(mbuf).tcp));
    }
    template <typename Out>
    [[gnu::noinline]] bool forward_change(rte_mbuf& mbuf, const FrameInfo& info, Out out) {
        return info.is_v4 ? forward<net::Ip4, true>(mbuf, info, out)
                          : forward<net::Ip6, true>(mbuf, info, out);
    }

    // False: nothing has changed. The key is compared again, for frames before this one in the
    // burst may have changed the table since find_candidates().
    template <typename Family, bool changes, typename Out>
    [[gnu::always_inline]] bool forward(rte_mbuf& mbuf, const FrameInfo& info, Out out) {
        using enum flow::Side;
        Frame<Family>& frame = frame_of<Family>(mbuf);
        flow::Flow& f = *info.candidate.flow;
        if (flow::difference(f, info.candidate.from, frame.tuple()) != 0 ||
            !may_pass<Family, changes>(f, info.candidate.from, frame.tcp) ||
            source_of(frame.ethernet) == port_macs_[mbuf.port])
            return false;
        if (info.candidate.from == client) {
            if (flow::sees_both_sides(f.method)) [[likely]]
                return from_client<false, changes>(mbuf, frame, info, f, out);
            return f.method == flow::Method::dr &&
                   from_client<true, changes>(mbuf, frame, info, f, out);
        }
        if (f.method == flow::Method::fnat) [[likely]]
            return from_server<changes>(mbuf, frame, info, f, out);
        return f.method == flow::Method::nat && from_nat_server<changes>(mbuf, frame, info, f, out);
    }

    // Both sides of one family, and nothing pending that only the slow path handles: a PROXY
    // header, numbers unsure after a takeover, an end that has been probed. With `changes` also the
    // client's ACK that opens the flow, and FINs.
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

    bool is_for(const OwnedAddressCache::Entry& at, const net::EthernetHeader& ethernet,
                const rte_mbuf& mbuf) const {
        const std::uint64_t mac = destination_of(ethernet);
        return mac == port_macs_[mbuf.port] || (mac == at.mac && at.port == mbuf.port);
    }

    // The same checks that datapath's classify makes before it looks for the owner. What this burst
    // has opened since find_candidates() is ours by its tuple, so it is not looked for again.
    template <typename Family>
    bool find_foreign(rte_mbuf& mbuf, ForeignSegment& foreign) {
        const Frame<Family>& frame = frame_of<Family>(mbuf);
        const OwnedAddressCache::Entry* entry = addresses_.find_either(frame.ip.destination);
        if (entry == nullptr || !is_for(*entry, frame.ethernet, mbuf) ||
            source_of(frame.ethernet) == port_macs_[mbuf.port] ||
            !are_checksums_valid<Family>(mbuf) || !goes_by_tuple(frame, *entry))
            return false;
        const auto tuple = frame.tuple();
        foreign.flow_hash = flows_.hash(tuple);
        foreign.entry = spread_.entry_of(tuple);
        foreign.frames = entry->frames;
        return true;
    }
    // Whether the whole tuple says who owns it, and it is for us and not for the host.
    template <typename Family>
    bool goes_by_tuple(const Frame<Family>& frame, const OwnedAddressCache::Entry& entry) const {
        if (is_nobody(frame.ip.source)) return false;
        return (!entry.is_hosts && !entry.goes_by_client) ||
               goes_by_tuple(OwnedAddressCache::ip_address(frame.ip.source),
                             OwnedAddressCache::ip_address(frame.ip.destination), frame.tcp, entry);
    }
    [[gnu::noinline]] bool goes_by_tuple(const net::IpAddress& source,
                                         const net::IpAddress& destination,
                                         const net::TcpHeader& tcp,
                                         const OwnedAddressCache::Entry& entry) const {
        const std::uint16_t service =
            entry.goes_by_client ? snapshot_->find_service(destination, tcp.destination_port)
                                 : exchange::Snapshot::no_service;
        if (service != exchange::Snapshot::no_service)
            return !snapshot_->services[service].goes_by_client();
        return !entry.is_hosts ||
               snapshot_->claims(source, tcp.source_port, destination, tcp.destination_port);
    }

    // `direct`: DR, only link and hop limit change. On an address that the host has too a live flow
    // answers what Snapshot::claims() would ask, but for whether its virtual_server is still there.
    template <bool direct, bool changes, typename Family, typename Out>
    [[gnu::always_inline]] bool from_client(rte_mbuf& mbuf, Frame<Family>& frame,
                                            const FrameInfo& info, flow::Flow& f, Out out) {
        const OwnedAddressCache::Entry* vip = addresses_.find_vip(frame.ip.destination);
        const NextHops::NextHop& next_hop = next_hops_.to_server(f.server_id);
        if (vip == nullptr || !is_for(*vip, frame.ethernet, mbuf) || info.ip_bytes > next_hop.mtu ||
            (vip->is_hosts && !snapshot_->services[f.service_id].present) ||
            !are_checksums_valid<Family>(mbuf))
            return false;
        exchange::ServerCounters& counted = servers_[f.server_id];
        f.client_mac = frame.ethernet.source;
        f.client_port_index = static_cast<std::uint8_t>(mbuf.port);
        const net::Be32 sequence(frame.tcp.sequence.host() + f.seq_delta);
        if (!note<flow::Side::client, changes>(f, frame.tcp, sequence.host(), info, out))
            counted.repeated.add();
        if constexpr (direct) {
            decrement_hop_limit(frame.ip);
        } else {
            const auto from = frame.tuple();
            const auto to = flow::words_sent_to<decltype(frame.tuple())>(f, flow::Side::server);
            const std::uint64_t shift = sum_difference(frame.tcp.sequence.raw(), sequence.raw());
            frame.tcp.sequence = sequence;
            rewrite(frame.ip, frame.tcp, from, to, shift);
        }
        next_hop.write_link(frame.ethernet);
        vip->frames->add();
        counted.to_server.add();
        counted.to_server_bytes.add(mbuf.pkt_len);
        out.send(next_hop.port, &mbuf);
        return true;
    }

    template <bool changes, typename Family, typename Out>
    [[gnu::always_inline]] bool from_server(rte_mbuf& mbuf, Frame<Family>& frame,
                                            const FrameInfo& info, flow::Flow& f, Out out) {
        const OwnedAddressCache::Entry* local = addresses_.find_local(frame.ip.destination);
        if (local == nullptr || !is_for(*local, frame.ethernet, mbuf) ||
            (local->is_hosts && snapshot_->host_ports.contains(f.local_port.host())) ||
            !to_client<changes>(mbuf, frame, info, f, out))
            return false;
        local->frames->add();
        return true;
    }

    // The destination is the client: only the MAC, ours as the server's gateway, makes it ours.
    template <bool changes, typename Family, typename Out>
    [[gnu::noinline]] bool from_nat_server(rte_mbuf& mbuf, Frame<Family>& frame,
                                           const FrameInfo& info, flow::Flow& f, Out out) {
        const auto port = static_cast<std::uint8_t>(mbuf.port);
        const net::MacAddress& mac = frame.ethernet.destination;
        const auto is_ours = [this](std::uint16_t router) { return round_->owns(router); };
        const exchange::OwnedAddress* vip = addresses_.vip_of(f.service_id);
        // The flow says the same in its second line, which nobody has prefetched.
        const net::IpAddress server = OwnedAddressCache::ip_address(frame.ip.source);
        const net::IpAddress client = OwnedAddressCache::ip_address(frame.ip.destination);
        return (mac_of(mac) == port_macs_[port] ||
                snapshot_->find_router(port, mac, is_ours) != exchange::Snapshot::no_router) &&
               vip != nullptr && round_->owns(*vip) && snapshot_->find_address(client) == nullptr &&
               snapshot_->find_nat_server(server, frame.tcp.source_port) !=
                   exchange::Snapshot::no_server &&
               !snapshot_->is_kernels(client) && to_client<changes>(mbuf, frame, info, f, out);
    }

    template <bool changes, typename Family, typename Out>
    [[gnu::always_inline]] bool to_client(rte_mbuf& mbuf, Frame<Family>& frame,
                                          const FrameInfo& info, flow::Flow& f, Out out) {
        const exchange::OwnedAddress* vip = addresses_.vip_of(f.service_id);
        if (vip == nullptr || info.ip_bytes > snapshot_->mtu_of(f.client_port_index) ||
            !are_checksums_valid<Family>(mbuf))
            return false;
        exchange::ServerCounters& counted = servers_[f.server_id];
        note<flow::Side::server, changes>(f, frame.tcp, frame.tcp.sequence.host(), info, out);
        const net::Be32 unshifted(frame.tcp.acknowledgement.host() - f.seq_delta);
        std::uint64_t tcp_change = sum_difference(frame.tcp.acknowledgement.raw(), unshifted.raw());
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

    // Records the segment in its flow; `sequence` as the server sees it. False: a retransmission.
    template <flow::Side from, bool changes, typename Out>
    bool note(flow::Flow& f, const net::TcpHeader& tcp, std::uint32_t sequence,
              const FrameInfo& info, Out out) const {
        const std::uint32_t fin = changes && has_fin(tcp) ? 1 : 0;
        const flow::Segment segment{.sequence = sequence,
                                    .acknowledgement = tcp.acknowledgement.host(),
                                    .length = info.payload_bytes + fin,
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
    const flow::Spread& spread_;
    const std::span<exchange::ServerCounters> servers_;
    const exchange::PollRound* round_ = nullptr;
    const exchange::Snapshot* snapshot_ = nullptr;                // the round's
    flow::Tick tick_ = 0;                                         // the same
    std::array<std::uint64_t, exchange::max_ports> port_macs_{};  // by the snapshot's index
    OwnedAddressCache addresses_;
    NextHops next_hops_;
};

}  // namespace warren::fast_path
