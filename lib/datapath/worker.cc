// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/worker.h"

#include <rte_ether.h>

#include <algorithm>
#include <bit>
#include <new>
#include <span>
#include <utility>

#include "datapath/classify.h"
#include "net/neighbour.h"
#include "port/clock.h"
#include "port/idle_backoff.h"
#include "port/thread.h"

namespace warren::datapath {

using exchange::Drop;

namespace {

static_assert(exchange::max_ports <= port::PortTable::most);

tables::FlowOptions flow_options(const WorkerOptions& options) {
    return {.worker = options.id,
            .spread = options.spread,
            .capacity = options.flow_capacity,
            .secrets = options.secrets,
            .port_share = options.port_share,
            .pool = options.pool,
            .start = flow::tick_of_ns(options.now_ns)};
}

// The sync thread rings only for urgent work, so with flow sync a worker must wake by itself too.
port::IdleBackoff::Woken woken_by(const port::Sleeper& sleeper, bool is_synced) {
    using Woken = port::IdleBackoff::Woken;
    if (!sleeper.wakes_on_everything()) return Woken::by_time;
    return is_synced ? Woken::by_frames : Woken::by_all;
}

net::ConstBytes frame_of(const rte_mbuf& mbuf) {
    return {rte_pktmbuf_mtod(&mbuf, const std::uint8_t*), rte_pktmbuf_data_len(&mbuf)};
}

exchange::Fate fate_of(Verdict::Action action) {
    using exchange::Fate;
    switch (action) {
        case Verdict::Action::transmit:
            return Fate::sent;
        case Verdict::Action::drop:
            return Fate::dropped;
        case Verdict::Action::punt:
            return Fate::punted;
        case Verdict::Action::kernel:
            return Fate::to_kernel;
        case Verdict::Action::hand_off:
            return Fate::handed_on;
        case Verdict::Action::held:
            return Fate::held;
    }
    return Fate::dropped;
}

void prefetch(std::span<rte_mbuf* const> burst, unsigned first, unsigned end) {
    for (unsigned i = first; i < end; ++i)
        rte_prefetch0(rte_pktmbuf_mtod(burst[i], void*));
}

void capture_arrival(capture::CapturePoint& point, Packet& packet, const Steering& steering) {
    const bool is_handed = steering.from() != steering.worker();
    if (packet.kind != Kind::drop) packet.reason = Drop::count_;
    point.on_arrival(frame_of(*packet.mbuf),
                     {.bytes = packet.mbuf->pkt_len,
                      .port = packet.port(),
                      .from_worker = is_handed ? static_cast<std::uint8_t>(steering.from())
                                               : exchange::CapturedPacket::nobody});
}

void capture_outcome(capture::CapturePoint& point, const Packet& packet, const Verdict& verdict) {
    using Action = Verdict::Action;
    const bool leaves = verdict.action == Action::transmit || verdict.action == Action::held;
    point.on_verdict({.fate = fate_of(verdict.action),
                      .reason = verdict.action == Action::drop ? verdict.reason : packet.reason,
                      .target = verdict.target,
                      .what = words_of(packet.kind)},
                     leaves ? frame_of(*packet.mbuf) : net::ConstBytes{},
                     leaves ? packet.mbuf->pkt_len : 0);
}

}  // namespace

Worker::Worker(exchange::Exchange& exchange, const WorkerOptions& options)
    : exchange_(exchange),
      link_(*exchange.workers[options.id]),
      counters_(link_.counters),
      id_(options.id),
      idle_adaptive_(options.idle_adaptive),
      has_fast_path_(options.fast_path),
      ports_(*options.ports),
      tx_(static_cast<std::uint16_t>(options.id), options.loopback, counters_),
      tables_(flow_options(options), exchange),
      fast_path_(tables_.flows, *options.spread, link_),
      capture_point_(tables_.flows, options.id, round_),
      emitter_(flow_options(options), counters_, tx_, capture_point_),
      steering_(options.id, *options.spread, exchange),
      admission_(flow_options(options), exchange, tables_, emitter_),
      half_open_(exchange, tables_, emitter_, admission_),
      dead_flows_(tables_, emitter_, half_open_),
      deferral_(tables_, exchange.sync),
      icmp_(tables_, emitter_, steering_, half_open_),
      shedding_(tables_, dead_flows_),
      roll_call_(tables_, emitter_),
      leaving_(tables_),
      ageing_(tables_, emitter_, half_open_),
      forwarder_(tables_, emitter_, steering_, admission_, half_open_, dead_flows_, icmp_,
                 deferral_),
      answers_(tables_, steering_, dead_flows_),
      flow_sync_(tables_, exchange.sync),
      responder_(link_) {
    sleeper_.wake_on(link_.doorbell.descriptor());
    for (unsigned from = 0; from < exchange.workers.size(); ++from)
        if (from != id_) handoffs_.emplace_back(from, &exchange.handoff(from, id_));
    attach_ports(ports_.size());
}

void Worker::attach_ports(std::size_t count) {
    while (port_macs_.size() < count)
        attach(static_cast<std::uint8_t>(port_macs_.size()));
}

// Of a port without a queue for this worker there is never anything to see.
void Worker::attach(std::uint8_t index) {
    port::Port& port = ports_[index];
    const std::size_t queues = rx_queues_.size();
    port_macs_.push_back(port.mac());
    fast_path_.set_port_mac(index, port_macs_[index]);
    tx_.attach(index, port);
    add_queues(port, index, false);
    if (rx_queues_.size() == queues)
        link_.seen_ns[index].store(exchange::WorkerLink::nothing_to_see_ns,
                                   std::memory_order_release);
    port::Port* kernel = ports_.kernel_port(index);
    if (kernel == nullptr) return;
    tx_.attach(kernel_port_of(index), *kernel);
    add_queues(*kernel, index, true);
}

void Worker::add_queues(port::Port& from, std::uint8_t port, bool from_kernel) {
    for (std::uint16_t queue = 0; queue < from.rx_queues(); ++queue)
        if (queue % exchange_.workers.size() == id_) {
            rx_queues_.push_back(
                {&from, port, queue, from_kernel, port::RxWatermark(from.rx_descriptors())});
            sleeper_.wake_on(from.rx_descriptor(queue));
        }
}

unsigned Worker::poll_once(std::uint64_t now_ns) {
    begin_round(now_ns);
    unsigned handled = link_.control_tx.is_empty() ? 0 : send_for_control();
    handled += receive();
    for (const auto& [from, ring] : handoffs_)
        if (!ring->is_empty()) handled += take_handoffs(from, *ring);
    if (handled != 0) {
        steering_.give_all();
        tx_.flush();
    }
    end_stage(port::Stage::tx);
    handled += chores();
    if (tx_.has_more()) tx_.flush();
    end_stage(port::Stage::chores);
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
    if (tables_.is_synced()) {
        round_.watch.look(round_.ownership);
        update_use_fast_path();
    }
    if (ports_generation_ != round_.snapshot->generation) [[unlikely]] {
        capture_point_.follow_snapshot();
        update_use_fast_path();
        follow_ports();
    }
    fast_path_.begin_round(round_);
}

// A new snapshot may have new ports, other MACs, or another ifindex of a shared interface that was
// deleted and made again: its sockets are reopened, by system calls. What fails is retried.
void Worker::follow_ports() {
    constexpr std::uint64_t retry_ns = 100'000'000;
    const exchange::Snapshot& snapshot = *round_.snapshot;
    attach_ports(snapshot.port_macs.size());
    if (round_.now_ns < next_follow_ns_) return;
    for (std::size_t i = 0; i < std::min(port_macs_.size(), snapshot.port_macs.size()); ++i) {
        port_macs_[i] = snapshot.port_macs[i];
        fast_path_.set_port_mac(static_cast<std::uint8_t>(i), port_macs_[i]);
    }
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
        next_follow_ns_ = round_.now_ns + retry_ns;
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
        rx.mark.note(count, burst_size, round_.now_ns);
        if (count == 0) {
            end_stage(port::Stage::rx);
            continue;
        }
        std::uint64_t bytes = 0;
        for (unsigned i = 0; i < count; ++i) {
            burst[i]->port = rx.port;  // from here on the snapshot's index, not DPDK's
            bytes += burst[i]->pkt_len;
        }
        counters_.rx.add(count);
        counters_.rx_bytes.add(bytes);
        end_stage(port::Stage::rx);
        if (rx.from_kernel)
            for (unsigned i = 0; i < count; ++i)
                send_from_kernel(burst[i], rx.port);
        else
            process(burst, count);
        handled += count;
    }
    publish_seen();
    return handled;
}

// After the punts, so that the adverts among what was seen are in the control lcore's ring. The
// queues of a port are adjacent in rx_queues_.
void Worker::publish_seen() {
    for (auto rx = rx_queues_.begin(); rx != rx_queues_.end();) {
        const std::uint8_t port = rx->port;
        std::uint64_t seen_ns = exchange::WorkerLink::nothing_to_see_ns;
        for (; rx != rx_queues_.end() && rx->port == port; ++rx)
            if (!rx->from_kernel) seen_ns = std::min(seen_ns, rx->mark.seen_ns());
        link_.seen_ns[port].store(seen_ns, std::memory_order_release);
    }
}

unsigned Worker::take_handoffs(unsigned from, exchange::HandoffRing& ring) {
    std::array<exchange::HandoffFrame, burst_size> handed;
    const unsigned count = ring.pop(handed.data(), burst_size);
    counters_.handoff_in.add(count);
    Burst burst;
    for (unsigned i = 0; i < count; ++i) {
        burst[i] = handed[i].mbuf;
        rte_prefetch0(burst[i]);
    }
    std::size_t last_port = 0;  // the other worker may know ports that we do not
    for (unsigned i = 0; i < count; ++i)
        last_port = std::max<std::size_t>(last_port, burst[i]->port);
    attach_ports(last_port + 1);
    steering_.begin_frames_of(from);
    process(burst, count, handed.data());
    steering_.begin_frames_of(id_);
    return count;
}

// A software pipeline, in the order of arrival: what one stage prefetches has arrived when the next
// stage comes to the frame, a few frames later. A core has few fill buffers: it would drop a whole
// burst's prefetches at once.
void Worker::process(Burst& burst, unsigned count, const exchange::HandoffFrame* handed) {
    constexpr unsigned distance = 8;  // frames between two stages
    BurstState state;
    state.handed = handed;
    prefetch(burst, 0, std::min(distance, count));
    for (unsigned at = 0; at < count + 2 * distance; at += distance) {
        const unsigned end = std::min(at + distance, count);
        prefetch(burst, end, std::min(end + distance, count));
        if (const std::uint32_t displaced = std::exchange(state.displaced, 0)) [[unlikely]]
            fast_path_.find_displaced(state.info.data(), displaced);
        if (at < count) parse(burst, at, end, state);
        end_stage(port::Stage::parse);
        if (at >= distance && at - distance < count)
            find_candidates(at - distance, std::min(at, count), state);
        end_stage(port::Stage::lookup);
        if (at >= 2 * distance)
            forward(burst, at - 2 * distance, std::min(at - distance, count), state);
        end_stage(port::Stage::forward);
    }
}

inline void Worker::parse(Burst& burst, unsigned first, unsigned end, BurstState& state) {
    FastPath::FrameInfo* info = state.info.data();
    const std::uint32_t slow_path = !use_fast_path_ ? FastPath::send_to_slow_path(info, first, end)
                                    : state.handed == nullptr
                                        ? fast_path_.parse(burst.data(), info, first, end)
                                        : fast_path_.accept_parsed(state.handed, info, first, end);
    state.slow_path |= slow_path;
    for (std::uint32_t left = slow_path; left != 0; left &= left - 1)
        classify_frame(burst, static_cast<unsigned>(std::countr_zero(left)));
}

// Of at least one frame.
inline void Worker::find_candidates(unsigned first, unsigned end, BurstState& state) {
    const std::uint32_t all = ((1U << (end - first)) - 1) << first;
    const std::uint32_t slow_path = state.slow_path & all;
    if (slow_path != all) [[likely]]
        state.displaced = fast_path_.find_candidates(state.info.data(), first, end);
    for (std::uint32_t left = slow_path; left != 0; left &= left - 1)
        forwarder_.prefetch_flow(packets_[static_cast<unsigned>(std::countr_zero(left))]);
}

// In order, whichever path each frame takes.
inline void Worker::forward(Burst& burst, unsigned first, unsigned end, const BurstState& state) {
    const FastPathOutput output{*this};
    for (unsigned i = first; i < end; ++i) {
        if (!state.takes_slow_path(i)) {
            if (state.info[i].candidate.flow != nullptr) [[likely]]
                i = fast_path_.forward(burst.data(), state.info.data(), i, end, output);
            if (i == end) return;
            if (!state.takes_slow_path(i)) {
                const FastPath::FrameInfo& info = state.info[i];
                if (info.candidate.flow == nullptr && hand_off(*burst[i], info)) continue;
                classify_frame(burst, i);
            }
        }
        take_slow_path(packets_[i]);
    }
}

// Hands off a plain segment that another worker owns, with its parsed lengths and hash. False: only
// the slow path can tell. Not inline, as the next one.
[[gnu::noinline]] bool Worker::hand_off(rte_mbuf& mbuf, const FastPath::FrameInfo& info) {
    FastPath::ForeignSegment foreign;
    if (!steering_.hands_off() || !fast_path_.find_foreign(mbuf, info, foreign)) return false;
    const auto owner = steering_.other_owner_of(mbuf, foreign.entry);
    if (!owner) return false;
    foreign.frames->add();
    steering_.hand_off(*owner, {.mbuf = &mbuf,
                                .is_plain = true,
                                .is_v4 = info.is_v4,
                                .ip_bytes = static_cast<std::uint16_t>(info.ip_bytes),
                                .payload_bytes = static_cast<std::uint16_t>(info.payload_bytes),
                                .flow_hash = foreign.flow_hash});
    return true;
}

// Not inline: the loop over a burst needs its registers for the fast path.
[[gnu::noinline]] void Worker::take_slow_path(Packet& packet) {
    note_traffic(packet);
    if (capture_point_.is_active()) [[unlikely]]
        capture_arrival(capture_point_, packet, steering_);
    const Verdict verdict = handle(packet);
    if (capture_point_.is_active()) [[unlikely]]
        capture_outcome(capture_point_, packet, verdict);
    carry_out(packet, verdict);
}

// The fast path knows nothing of captures and of routers that are being handed over.
void Worker::update_use_fast_path() {
    use_fast_path_ = has_fast_path_ && !capture_point_.is_active() && !round_.ownership.has_offers;
}

void Worker::classify_frame(Burst& burst, unsigned i) {
    Packet& packet = *::new (&packets_[i]) Packet;  // in place: a copy would stall
    packet.mbuf = burst[i];
    classify(packet, round_, port_macs_);
    forwarder_.prefetch(packet);
}

void Worker::note_traffic(const Packet& packet) {
    if (packet.is_of_station) responder_.note_station(packet, round_, port_macs_[packet.port()]);
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
            return responder_.answer_arp(packet);
        case Kind::solicitation:
            return responder_.answer_solicitation(packet);
        case Kind::echo:
            return responder_.answer_echo(packet);
        case Kind::vrrp:
        case Kind::claim:
            return Verdict::punt();
        case Kind::to_service:
            return forwarder_.to_service(packet, round_);
        case Kind::to_local:
            return forwarder_.to_local(packet, round_);
        case Kind::icmp_error:
            return icmp_.relay(packet, round_);
        case Kind::nat_return:
            return forwarder_.from_nat_server(packet, round_);
        case Kind::handover_grace:
            return forwarder_.forward_in_grace(packet, round_);
    }
    return Verdict::kernel();
}

// While the peer is taking over, a frame from the virtual MAC would lead the switches back to us:
// then it leaves with the port's own MAC.
void Worker::hide_virtual_mac(rte_mbuf& mbuf, std::uint8_t port) const {
    if (port >= port_macs_.size()) return;
    net::MacAddress& source = rte_pktmbuf_mtod(&mbuf, net::EthernetHeader*)->source;
    const std::uint16_t router = round_.snapshot->find_router(
        port, source, [this](std::uint16_t one) { return round_.is_handing_over(one); });
    if (router != Packet::no_router) source = port_macs_[port];
}

void Worker::carry_out(Packet& packet, const Verdict& verdict) {
    switch (verdict.action) {
        case Verdict::Action::transmit:
            if (round_.ownership.has_offers || packet.kind == Kind::handover_grace) [[unlikely]]
                hide_virtual_mac(*packet.mbuf, verdict.target);
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
            return send_to_kernel(packet);
        case Verdict::Action::hand_off:
            return steering_.hand_off(verdict.target, {.mbuf = packet.mbuf});
        case Verdict::Action::held:
            return;
    }
}

void Worker::send_to_kernel(const Packet& packet) {
    rte_mbuf* mbuf = packet.mbuf;
    if (ports_.kernel_port(packet.port()) != nullptr) {
        note_open_checksum(packet);  // the kernel would drop it otherwise
        // The kernel port takes no metadata: a tag that the driver stripped goes back in.
        const bool stripped = (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0;
        if (stripped && rte_vlan_insert(&mbuf) != 0) return drop(mbuf, Drop::no_mbuf);
        // It knows the card's own MAC only.
        if (packet.router != Packet::no_router) {
            auto& ethernet = net::header_in<net::EthernetHeader>(packet.frame(), 0);
            if (!ethernet.destination.is_multicast())
                ethernet.destination = port_macs_[packet.port()];
        }
        return tx_.add(kernel_port_of(packet.port()), mbuf);
    }
    counters_.kernel.add();  // it has its own copy
    rte_pktmbuf_free(mbuf);
}

// A frame that the host sent through its kernel port. From a virtual address it leaves with that
// address's MAC (use_vmac).
void Worker::send_from_kernel(rte_mbuf* mbuf, std::uint8_t port) {
    const net::Bytes frame{rte_pktmbuf_mtod(mbuf, std::uint8_t*), rte_pktmbuf_data_len(mbuf)};
    const net::Parsed parsed = net::parse(frame, net::IpChecksum::verified);
    const bool is_known = parsed.ok() && (parsed.network == net::Network::arp || parsed.is_ip());
    if (const auto* from = is_known ? round_.snapshot->find_address(parsed.source) : nullptr;
        from != nullptr && from->port == port) {
        net::set_sender_mac(frame, parsed, from->mac);
        if (round_.ownership.has_offers) hide_virtual_mac(*mbuf, port);
    }
    tx_.add(port, mbuf);
}

void Worker::drop(rte_mbuf* mbuf, Drop reason) {
    counters_.drop(reason).add();
    rte_pktmbuf_free(mbuf);
}

unsigned Worker::chores() {
    ageing_.take_timeouts(round_);
    unsigned done = tables_.is_synced() ? follow_peer() : 0;
    done += dead_flows_.reset(round_) + shedding_.shed(round_) + leaving_.run(round_);
    done += roll_call_.call(round_);
    ageing_.age(round_);
    done += answers_.answer(round_);
    return done + forwarder_.follow_moves();
}

// Flow sync's chores. Flows of dead servers may have become ours to reset.
unsigned Worker::follow_peer() {
    const unsigned done = flow_sync_.work(round_) +
                          deferral_.release(round_, [&](std::uint8_t port, rte_mbuf* frame) {
                              hide_virtual_mac(*frame, port);
                              tx_.add(port, frame);
                          });
    if (flow_sync_.take_dead_flows() || round_.watch.has_gained()) dead_flows_.look_again();
    return done;
}

void Worker::run() {
    constexpr int niceness = -10;  // after the control lcore, before everything else
    if (idle_adaptive_) port::keep_this_thread_prompt(niceness);
    port::IdleBackoff idle(idle_adaptive_, woken_by(sleeper_, tables_.is_synced()));
    exchange_.publisher.online(id_);
    while (!exchange_.stop.load(std::memory_order_relaxed)) {
        const std::uint64_t now_ns = port::now_ns();
        const unsigned handled = poll_once(now_ns);
        exchange_.publisher.quiescent(id_);
        if (handled != 0) {
            counters_.busy_ns.add(port::now_ns() - now_ns);
            idle.reset();
            sleeper_.note_work();
            continue;
        }
        if (const std::uint32_t sleep_us = idle.next_sleep_us(now_ns, !sleeper_.was_spurious());
            sleep_us != 0) {
            counters_.idle_sleeps.add();
            exchange_.publisher.offline(id_);
            link_.doorbell.fall_asleep();
            sleeper_.sleep(sleep_us);
            link_.doorbell.wake_up();
            exchange_.publisher.online(id_);
        }
    }
    exchange_.publisher.offline(id_);
}

}  // namespace warren::datapath
