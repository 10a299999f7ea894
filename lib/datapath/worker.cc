// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/worker.h"

#include <rte_ether.h>

#include <algorithm>
#include <bit>

#include "datapath/classify.h"
#include "datapath/idle.h"
#include "net/build.h"
#include "net/neighbour.h"
#include "port/clock.h"
#include "port/thread.h"

namespace warren::datapath {

using exchange::Drop;

namespace {

constexpr std::uint8_t no_kernel_port = 0xff;

std::vector<port::Port*> with_kernel_ports(const WorkerOptions& options) {
    std::vector<port::Port*> all = options.ports;
    all.push_back(nullptr);  // lo
    for (port::Port* kernel : options.kernel_ports)
        if (kernel != nullptr) all.push_back(kernel);
    return all;
}

}  // namespace

Worker::Worker(exchange::Exchange& exchange, const WorkerOptions& options)
    : exchange_(exchange),
      link_(*exchange.workers[options.id]),
      counters_(link_.counters),
      id_(options.id),
      idle_adaptive_(options.idle_adaptive),
      tx_(with_kernel_ports(options), options.ports.size() + 1,
          static_cast<std::uint16_t>(options.id), options.loopback, counters_),
      flows_({options.id, options.spread, options.flow_capacity, options.secrets, options.pool,
              flow::tick_of_ns(options.now_ns)},
             exchange, tx_) {
    std::size_t next_kernel_port = options.ports.size() + 1;
    for (std::uint8_t port = 0; port < options.ports.size(); ++port) {
        port_macs_.push_back(options.ports[port]->mac());
        add_queues(*options.ports[port], port, false);
        port::Port* kernel =
            port < options.kernel_ports.size() ? options.kernel_ports[port] : nullptr;
        kernel_ports_.push_back(kernel == nullptr ? no_kernel_port
                                                  : static_cast<std::uint8_t>(next_kernel_port++));
        if (kernel != nullptr) add_queues(*kernel, port, true);
    }
    // A port that has no queue for us waits for the other workers alone.
    for (auto& seen_ns : link_.seen_ns)
        seen_ns.store(exchange::WorkerLink::nothing_to_see_ns, std::memory_order_release);
    tell_what_was_seen();
}

void Worker::add_queues(port::Port& from, std::uint8_t port, bool from_kernel) {
    for (std::uint16_t queue = 0; queue < from.rx_queues(); ++queue)
        if (queue % exchange_.workers.size() == id_)
            rx_queues_.push_back({&from, port, queue, from_kernel, RxMark(from.rx_descriptors())});
}

unsigned Worker::poll_once(std::uint64_t now_ns) {
    begin_round(now_ns);
    unsigned handled = send_for_control();
    handled += receive();
    handled += take_handoffs();
    wake_handed();
    tx_.flush();
    handled += chores();
    tx_.flush();
    counters_.polls.add();
    return handled;
}

void Worker::begin_round(std::uint64_t now_ns) {
    round_.snapshot = &exchange_.publisher.acquire();
    tx_.begin_round();
    round_.now_ns = now_ns;
    link_.polled_ns.store(now_ns, std::memory_order_relaxed);
    round_.tick = flow::tick_of_ns(now_ns);
    exchange_.ownership.read(round_.ownership, round_.snapshot->virtual_routers.size(), now_ns);
    if (ports_generation_ != round_.snapshot->generation) [[unlikely]]
        follow_ports();
}

// The port's MAC may be another one now, and a shared interface may have been made anew, which is
// worth some system calls. What does not open, for it is gone again, is tried again a little later.
void Worker::follow_ports() {
    constexpr std::uint64_t patience_ns = 100'000'000;
    if (round_.now_ns < next_follow_ns_) return;
    const exchange::Snapshot& snapshot = *round_.snapshot;
    for (std::size_t i = 0; i < std::min(port_macs_.size(), snapshot.port_macs.size()); ++i)
        port_macs_[i] = snapshot.port_macs[i];
    bool complete = true;
    for (const RxQueue& rx : rx_queues_) {
        const int ifindex =
            rx.port < snapshot.port_ifindexes.size() ? snapshot.port_ifindexes[rx.port] : 0;
        if (ifindex != 0 && !rx.from_kernel)
            complete = rx.from->reopen(rx.queue, ifindex) && complete;
    }
    if (complete)
        ports_generation_ = snapshot.generation;
    else
        next_follow_ns_ = round_.now_ns + patience_ns;
}

// First thing in the round: adverts of a port without a tx queue for the control lcore.
unsigned Worker::send_for_control() {
    Burst burst;
    const unsigned count = link_.control_tx.pop(burst.data(), burst_size);
    for (unsigned i = 0; i < count; ++i)
        tx_.add(static_cast<std::uint8_t>(burst[i]->port), burst[i]);
    counters_.control_tx.add(count);
    return count;
}

unsigned Worker::receive() {
    unsigned handled = 0;
    for (RxQueue& rx : rx_queues_) {
        Burst burst;
        const unsigned count = rx.from->rx_burst(rx.queue, burst.data(), burst_size);
        for (unsigned i = 0; i < count; ++i) {
            burst[i]->port = rx.port;  // from here on the snapshot's index, not DPDK's
            counters_.rx_bytes.add(burst[i]->pkt_len);
        }
        counters_.rx.add(count);
        if (rx.from_kernel)
            for (unsigned i = 0; i < count; ++i)
                send_for_kernel(burst[i], rx.port);
        else
            process(burst, count);
        handled += count;
        rx.mark.note(count, burst_size, round_.now_ns);
    }
    tell_what_was_seen();
    return handled;
}

// The adverts among what was seen are in the control lcore's ring by now. A port's queues stand
// side by side.
void Worker::tell_what_was_seen() {
    for (auto rx = rx_queues_.begin(); rx != rx_queues_.end();) {
        const std::uint8_t port = rx->port;
        std::uint64_t seen_ns = exchange::WorkerLink::nothing_to_see_ns;
        for (; rx != rx_queues_.end() && rx->port == port; ++rx)
            if (!rx->from_kernel) seen_ns = std::min(seen_ns, rx->mark.seen_ns());
        link_.seen_ns[port].store(seen_ns, std::memory_order_release);
    }
}

unsigned Worker::take_handoffs() {
    unsigned handled = 0;
    for (unsigned from = 0; from < exchange_.workers.size(); ++from) {
        if (from == id_) continue;
        Burst burst;
        const unsigned count = exchange_.handoff(from, id_).pop(burst.data(), burst_size);
        counters_.handoff_in.add(count);
        process(burst, count);
        handled += count;
    }
    return handled;
}

// Workers that others' frames were left for may sleep.
void Worker::wake_handed() {
    for (; handed_to_ != 0; handed_to_ &= handed_to_ - 1)
        exchange_.workers[static_cast<unsigned>(std::countr_zero(handed_to_))]
            ->doorbell.ring_if_asleep();
}

// Headers of the whole burst first, then the flow lines they lead to, then the work.
void Worker::process(Burst& burst, unsigned count) {
    std::array<Packet, burst_size> packets;
    for (unsigned i = 0; i < count; ++i)
        rte_prefetch0(rte_pktmbuf_mtod(burst[i], void*));
    for (unsigned i = 0; i < count; ++i) {
        packets[i].mbuf = burst[i];
        classify(packets[i], round_, port_macs_);
        flows_.prefetch(packets[i]);
    }
    for (unsigned i = 0; i < count; ++i)
        flows_.prefetch_flow(packets[i]);
    for (unsigned i = 0; i < count; ++i) {
        note_traffic(packets[i]);
        settle(packets[i], handle(packets[i]));
    }
}

// Of others only: what they say of our addresses is a claim, and not to be followed.
void Worker::note_station(const Packet& packet) {
    const net::Parsed& parsed = packet.parsed;
    exchange::StationSeen seen{.address = parsed.source, .port = packet.port()};
    if (parsed.network == net::Network::arp) {
        seen.mac = net::header_at<net::ArpPacket>(packet.frame(), parsed.l3_offset).sender_mac;
    } else {
        if (!net::is_neighbour_message_valid(packet.frame(), parsed) ||
            !net::overrides_known(packet.frame(), parsed))
            return;
        if (parsed.message_type == net::icmpv6_type::neighbour_advertisement)
            seen.address = net::neighbour_target(packet.frame(), parsed);
        seen.mac = net::claimed_mac(packet.frame(), parsed);
    }
    const bool nobody =
        seen.address.is_unspecified() || seen.address == net::IpAddress::v4(0, 0, 0, 0);
    if (nobody || seen.mac.is_multicast() || seen.mac.is_zero() ||
        seen.mac == port_macs_[seen.port] || round_.snapshot->find_address(seen.address) != nullptr)
        return;
    if (stations_.is_news(seen, round_.tick)) static_cast<void>(link_.stations.push(seen));
}

void Worker::note_traffic(const Packet& packet) {
    if (packet.is_of_station) note_station(packet);
    if (packet.router != Packet::no_router && packet.kind != Kind::drop)
        link_.router_frames[packet.router].add();
}

Verdict Worker::handle(Packet& packet) {
    switch (packet.kind) {
        case Kind::drop:
            return Verdict::drop(packet.reason);
        case Kind::kernel:
            return Verdict::kernel();
        case Kind::arp:
            return answer_arp(packet);
        case Kind::solicitation:
            return answer_solicitation(packet);
        case Kind::echo:
            return answer_echo(packet);
        case Kind::vrrp:
        case Kind::claim:
            return Verdict::punt();
        case Kind::to_service:
            return flows_.to_service(packet, round_);
        case Kind::to_local:
            return flows_.to_local(packet, round_);
        case Kind::icmp_error:
            return flows_.icmp().relay(packet, round_);
        case Kind::nat_return:
            return flows_.from_nat_server(packet, round_);
    }
    return Verdict::kernel();
}

Verdict Worker::answer_arp(Packet& packet) {
    net::arp_reply_in_place(packet.frame(), packet.parsed, packet.address->mac);
    counters_.arp_replies.add();
    return Verdict::transmit(packet.port());
}

Verdict Worker::answer_solicitation(Packet& packet) {
    const std::size_t length = net::build_advertisement_reply(packet.room(), packet.frame(),
                                                              packet.parsed, packet.address->mac);
    if (length == 0) return Verdict::drop(Drop::no_mbuf);
    packet.become(length);
    counters_.neighbour_replies.add();
    return Verdict::transmit(packet.port());
}

Verdict Worker::answer_echo(Packet& packet) {
    net::echo_reply_in_place(packet.frame(), packet.parsed, packet.address->mac);
    counters_.echo_replies.add();
    return Verdict::transmit(packet.port());
}

void Worker::settle(Packet& packet, const Verdict& verdict) {
    switch (verdict.action) {
        case Verdict::Action::transmit:
            tx_.add(verdict.target, packet.mbuf);
            return;
        case Verdict::Action::drop:
            return drop(packet.mbuf, verdict.reason);
        case Verdict::Action::punt:
            if (!(packet.kind == Kind::vrrp ? link_.adverts : link_.claims).push(packet.mbuf))
                return drop(packet.mbuf, Drop::punt_full);
            counters_.punt.add();
            return;
        case Verdict::Action::kernel:
            return leave_to_kernel(packet);
        case Verdict::Action::hand_off:
            if (!exchange_.handoff(id_, verdict.target).push(packet.mbuf))
                return drop(packet.mbuf, Drop::handoff_full);
            counters_.handoff_out.add();
            handed_to_ |= 1U << verdict.target;
            return;
    }
}

void Worker::leave_to_kernel(const Packet& packet) {
    rte_mbuf* mbuf = packet.mbuf;
    const std::uint8_t kernel_port = kernel_ports_[mbuf->port];
    if (kernel_port != no_kernel_port) {
        // The kernel port takes no metadata: a tag that the driver stripped goes back in.
        const bool stripped = (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0;
        if (stripped && rte_vlan_insert(&mbuf) != 0) return drop(mbuf, Drop::no_mbuf);
        // It knows the card's own MAC only.
        if (packet.router != Packet::no_router) {
            auto& ethernet = net::header_in<net::EthernetHeader>(packet.frame(), 0);
            if (!ethernet.destination.is_multicast())
                ethernet.destination = port_macs_[packet.port()];
        }
        return tx_.add(kernel_port, mbuf);
    }
    counters_.kernel.add();  // it has its own copy
    rte_pktmbuf_free(mbuf);
}

// What the host sends from a virtual address leaves with that address's MAC (use_vmac).
void Worker::send_for_kernel(rte_mbuf* mbuf, std::uint8_t port) {
    const net::Bytes frame{rte_pktmbuf_mtod(mbuf, std::uint8_t*), rte_pktmbuf_data_len(mbuf)};
    const net::Parsed parsed = net::parse(frame, net::IpChecksum::verified);
    const bool is_known = parsed.ok() && (parsed.network == net::Network::arp || parsed.is_ip());
    if (const auto* from = is_known ? round_.snapshot->find_address(parsed.source) : nullptr;
        from != nullptr && from->port == port)
        net::set_sender_mac(frame, parsed, from->mac);
    tx_.add(port, mbuf);
}

void Worker::drop(rte_mbuf* mbuf, Drop reason) {
    counters_.drop(reason).add();
    rte_pktmbuf_free(mbuf);
}

unsigned Worker::chores() {
    flows_.ageing().take_timeouts(round_);
    const unsigned resets = flows_.dead_flows().reset(round_);
    flows_.ageing().age(round_);
    list_flows();
    return resets + flows_.follow_moves();
}

// Both rows in one round, or it is tried again in the next.
void Worker::look_up() {
    exchange::FlowRow row;
    if (listing_.from == 0 && flows_.find_row(listing_.wanted, row, round_)) {
        row.request = listing_.request;
        if (!link_.rows.push(row)) return;
    }
    listing_.from = 1;
    row = {};
    row.request = listing_.request;
    row.last = true;
    flows_.foresee(listing_.wanted, row, round_);
    listing_under_way_ = !link_.rows.push(row);
}

// Answers one listing at a time, as many rows a round as the channel takes.
void Worker::list_flows() {
    if (!listing_under_way_) listing_under_way_ = link_.commands.pop(listing_);
    if (listing_under_way_ && listing_.is_lookup) return look_up();
    constexpr unsigned rows_per_round = 32;
    for (unsigned i = 0; i < rows_per_round && listing_under_way_; ++i) {
        std::uint32_t from = listing_.from;
        exchange::FlowRow row;
        const bool found = listing_.most != 0 && flows_.next_row(from, row, round_);
        if (!found && listing_.most != 0 && from < flows_.end_of_flows()) {
            listing_.from = from;  // a sparse table: on with it in the next round
            return;
        }
        row.last = !found;
        row.request = listing_.request;
        row.next = from;
        if (!link_.rows.push(row)) return;
        listing_under_way_ = !row.last;
        listing_.from = from;
        --listing_.most;
    }
}

port::Nap Worker::make_nap() const {
    port::Nap nap;
    for (const RxQueue& rx : rx_queues_)
        nap.wake_on(rx.from->rx_descriptor(rx.queue));
    nap.wake_on(link_.doorbell.descriptor());
    return nap;
}

void Worker::run() {
    constexpr int niceness = -10;  // behind the control lcore, before everybody else
    if (idle_adaptive_) port::keep_this_thread_prompt(niceness);
    port::Nap nap = make_nap();
    IdleBackoff idle(idle_adaptive_, nap.is_woken_by_all());
    exchange_.publisher.online(id_);
    while (!exchange_.stop.load(std::memory_order_relaxed)) {
        const std::uint64_t now_ns = port::now_ns();
        const unsigned handled = poll_once(now_ns);
        exchange_.publisher.quiescent(id_);
        if (handled != 0) {
            counters_.busy_ns.add(port::now_ns() - now_ns);
            idle.reset();
            nap.note_work();
            continue;
        }
        if (const std::uint32_t sleep_us = idle.next_sleep_us(now_ns); sleep_us != 0) {
            counters_.idle_sleeps.add();
            exchange_.publisher.offline(id_);
            link_.doorbell.fall_asleep();
            nap.sleep(sleep_us);
            link_.doorbell.wake_up();
            exchange_.publisher.online(id_);
        }
    }
    exchange_.publisher.offline(id_);
}

}  // namespace warren::datapath
