// SPDX-License-Identifier: BSD-3-Clause
#include "flows.h"

#include <algorithm>
#include <cstring>

#include "datapath/packet.h"

namespace warren::bench {
namespace {

namespace tcp = net::tcp_flag;

// A burst of mode mixed: an ARP request, an echo request, segments of connections that come and go,
// and established flows.
constexpr unsigned arp_place = 0;
constexpr unsigned echo_place = 1;
constexpr unsigned first_coming = 2;
constexpr unsigned first_steady = 8;

std::uint32_t steady_flows(const Load& load) {
    if (load.mode == Mode::syn) return 0;
    return load.mode == Mode::mixed ? load.flows - load.flows / 4 : load.flows;
}

ServerEnd end_in(const rte_mbuf& syn) {
    return Traffic::end_of({rte_pktmbuf_mtod(&syn, const std::uint8_t*), syn.data_len});
}

}  // namespace

const std::array<Flows::Phase, segments_per_connection> Flows::connection{
    {{flow::Side::client, tcp::syn},
     {flow::Side::server, tcp::syn | tcp::ack},
     {flow::Side::client, tcp::ack},
     {flow::Side::client, tcp::psh | tcp::ack},
     {flow::Side::server, tcp::psh | tcp::ack},
     {flow::Side::client, tcp::fin | tcp::ack},
     {flow::Side::server, tcp::fin | tcp::ack},
     {flow::Side::client, tcp::ack}}};

Flows::Flows(const Load& load, const net::MacAddress& own)
    : load_(load),
      both_sides_(!is_reference(load.mode) && flow::sees_both_sides(method_of(load.mode))),
      steady_flows_(steady_flows(load)),
      traffic_(load.mode, load.sides, load.frame_bytes, own),
      ends_(load.flows) {}

net::Bytes Flows::room(rte_mbuf& mbuf) const {
    mbuf.data_off = RTE_PKTMBUF_HEADROOM;  // a tunnel's or another family's header moved it
    return {rte_pktmbuf_mtod(&mbuf, std::uint8_t*), std::size_t{mbuf.buf_len} - mbuf.data_off};
}

void Flows::finish(rte_mbuf& mbuf, std::size_t bytes) const {
    constexpr std::uint64_t good = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    datapath::set_length(mbuf, bytes);
    mbuf.ol_flags = load_.verify ? 0 : good;
}

void Flows::write_phase(rte_mbuf& mbuf, std::uint32_t flow, const Phase& phase) {
    finish(mbuf, phase.from == flow::Side::client
                     ? traffic_.from_client(room(mbuf), flow, phase.flags)
                     : traffic_.from_server(room(mbuf), ends_[flow], phase.flags));
}

std::uint32_t Flows::any_flow() {
    return static_cast<std::uint32_t>(random_());
}

bool Flows::is_connecting(unsigned place) const {
    return load_.mode == Mode::syn ||
           (load_.mode == Mode::mixed && place >= first_coming && place < first_steady);
}

void Flows::choose(unsigned round) {
    phase_ = round % connection.size();
    const std::uint32_t coming = load_.flows - steady_flows_;
    const std::uint32_t first = phase_ == 0 && coming != 0 ? any_flow() % coming : 0;
    for (unsigned i = 0; i < load_.frames_at_once; ++i) {
        if (!is_connecting(i))
            flows_[i] = any_flow() % steady_flows_;
        else if (phase_ == 0)  // they stay for all phases, and none is there twice
            flows_[i] = steady_flows_ + (first + i) % coming;
    }
    // What the generator would wait for must not count as the forwarder's.
    for (unsigned i = 0; i < load_.frames_at_once; ++i)
        __builtin_prefetch(prepared_.empty()
                               ? static_cast<const void*>(&ends_[flows_[i]])
                               : static_cast<const void*>(prepared_at(flows_[i], side_at(i))));
}

flow::Side Flows::side_at(unsigned place) const {
    return both_sides_ && place % 2 != 0 ? flow::Side::server : flow::Side::client;
}

void Flows::copy_prepared(rte_mbuf& mbuf, std::uint32_t flow, flow::Side from) {
    std::memcpy(room(mbuf).data(), prepared_at(flow, from), prepared_bytes_);
    finish(mbuf, prepared_length_);
}

void Flows::prepare(rte_mbuf& scratch) {
    constexpr std::size_t line = 64;
    constexpr std::size_t most = std::size_t{256} << 20U;
    write_phase(scratch, 0, {flow::Side::client, tcp::psh | tcp::ack});
    const std::size_t length = scratch.data_len;
    const std::size_t bytes = (length + line - 1) / line * line;
    const bool alike = load_.sides.clients == load_.sides.servers;
    if (!alike || !has_flows(load_.mode) || 2 * bytes * load_.flows > most) return;
    prepared_length_ = length;
    prepared_bytes_ = bytes;
    prepared_.resize(2 * bytes * load_.flows);
    for (std::uint32_t flow = 0; flow < load_.flows; ++flow)
        for (const flow::Side from : {flow::Side::client, flow::Side::server}) {
            write_phase(scratch, flow, {from, tcp::psh | tcp::ack});
            std::memcpy(prepared_at(flow, from), rte_pktmbuf_mtod(&scratch, void*), bytes);
        }
}

void Flows::write_one(rte_mbuf& mbuf, unsigned i) {
    const bool mixed = load_.mode == Mode::mixed;
    if (load_.mode == Mode::arp || (mixed && i == arp_place))
        return finish(mbuf, traffic_.arp_request(room(mbuf), flows_[i]));
    if (load_.mode == Mode::echo || (mixed && i == echo_place))
        return finish(mbuf, traffic_.echo_request(room(mbuf), flows_[i]));
    if (is_connecting(i)) return write_phase(mbuf, flows_[i], connection[phase_]);
    if (!prepared_.empty()) return copy_prepared(mbuf, flows_[i], side_at(i));
    write_phase(mbuf, flows_[i], {side_at(i), tcp::psh | tcp::ack});
}

void Flows::write(Burst& frames) {
    for (unsigned i = 0; i < load_.frames_at_once; ++i)
        write_one(*frames[i], i);
}

void Flows::learn(const Burst& frames) {
    if (phase_ != 0 || steady_flows_ == load_.flows) return;
    for (unsigned i = 0; i < load_.frames_at_once; ++i)
        if (is_connecting(i)) ends_[flows_[i]] = end_in(*frames[i]);
}

void Flows::run_phase(Burst& frames, std::uint32_t first, unsigned count, const Phase& phase,
                      const Carry& carry) {
    for (unsigned i = 0; i < count; ++i)
        write_phase(*frames[i], first + i, phase);
    carry(frames, count);
}

void Flows::open(Burst& frames, std::uint32_t first, unsigned count, const Carry& carry) {
    run_phase(frames, first, count, connection[0], carry);
    if (both_sides_) {
        for (unsigned i = 0; i < count; ++i)
            ends_[first + i] = end_in(*frames[i]);
        run_phase(frames, first, count, connection[1], carry);
    }
    run_phase(frames, first, count, connection[2], carry);
}

void Flows::close(Burst& frames, std::uint32_t first, unsigned count, const Carry& carry) {
    for (unsigned phase = 3; phase < connection.size(); ++phase)
        run_phase(frames, first, count, connection[phase], carry);
}

void Flows::open_all(Burst& frames, const Carry& carry) {
    if (!has_flows(load_.mode)) return;
    for (std::uint32_t flow = 0; flow < load_.flows; flow += burst)
        open(frames, flow, std::min(burst, load_.flows - flow), carry);
    for (std::uint32_t flow = steady_flows_; flow < load_.flows; flow += burst)
        close(frames, flow, std::min(burst, load_.flows - flow), carry);
}

}  // namespace warren::bench
