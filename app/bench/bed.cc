// SPDX-License-Identifier: BSD-3-Clause
#include "bed.h"

#include <rte_eth_ring.h>

#include <algorithm>
#include <stdexcept>

#include "net/parse.h"
#include "port/clock.h"

namespace warren::bench {
namespace {

constexpr unsigned ring_slots = 1024;
constexpr unsigned spare_frames = 1024;  // a worker's own, and what lies in its cache

std::vector<rte_ring*> make_rings(const std::string& name, unsigned count) {
    std::vector<rte_ring*> rings;
    for (unsigned number = 0; number < count; ++number) {
        const std::string own = name + std::to_string(number);
        rings.push_back(
            rte_ring_create(own.c_str(), ring_slots, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ));
        if (rings.back() == nullptr) throw std::runtime_error("no memory for a ring");
    }
    return rings;
}

std::uint32_t capacity_for(const Load& load) {
    return load.flows + load.flows / 8 + 64;
}

}  // namespace

Bed::Bed(const Load& load, unsigned frames)
    : load_(load),
      start_ns_(port::now_ns()),
      pool_(port::make_mempool("bed", frames + spare_frames * load.cores)),
      rx_(make_rings("bed_rx", load.cores)),
      tx_(make_rings("bed_tx", load.cores)),
      exchange_(std::max(load.workers, load.cores), load.flow_sync),
      spread_(flow::Spread::key_of(5), std::max(load.workers, load.cores)) {
    if (rte_eth_from_rings("bed", rx_.data(), load.cores, tx_.data(), load.cores, SOCKET_ID_ANY) <
        0)
        throw std::runtime_error("no net_ring port");
    port_ = std::make_unique<port::Port>(port::PortOptions{
        .name = "bed", .device = "net_ring_bed", .workers = load.cores, .pool = pool_.get()});
    ports_.add(*port_);
    for (unsigned id = 0; id < load.cores; ++id)
        workers_.push_back(std::make_unique<datapath::Worker>(
            exchange_,
            datapath::WorkerOptions{.id = static_cast<std::uint8_t>(id),
                                    .ports = &ports_,
                                    .pool = pool_.get(),
                                    .flow_capacity = capacity_for(load),
                                    .idle_adaptive = false,
                                    .now_ns = start_ns_,
                                    .spread = &spread_,
                                    .secrets = {.hash_seed = {1, 2}, .isn_key = {3, 4}}}));
    publish();
    exchange_.ownership.set(0, true);
    exchange_.ownership.beat(start_ns_);
}

exchange::Server Bed::make_server(std::uint16_t id) const {
    exchange::Server server;
    server.address = server_of(load_.sides.servers, id);
    server.port = amqp;
    server.state = exchange::ServerState::up;
    server.reachable = true;
    server.next_hop = server_mac;
    server.link_source = port_->mac();
    server.weight = balance::weight_one;
    server.method = method_of(load_.mode);
    server.tunnel_source = local_of(load_.sides.servers, 0);
    return server;
}

// Enough servers and local addresses that no pair of them runs out of ports.
exchange::Service Bed::make_service() const {
    exchange::Service service;
    service.present = true;
    service.address = vip_of(load_.sides.clients);
    service.port = amqp;
    service.algorithm = balance::Algorithm::rr;
    for (std::uint16_t i = 0; i < local_count; ++i)
        service.local_addresses.push_back(local_of(load_.sides.servers, i));
    for (std::uint16_t id = 0; id < server_count; ++id)
        service.servers.push_back(id);
    return service;
}

void Bed::publish() {
    auto snapshot = std::make_unique<exchange::Snapshot>();
    snapshot->generation = tap_ == nullptr ? 1 : 2;
    snapshot->virtual_routers = {{.vrid = 1, .port = 0, .lease_ns = UINT64_MAX}};
    for (const unsigned version : {4U, 6U}) {
        snapshot->addresses.push_back({.address = vip_of(version), .mac = port_->mac()});
        for (std::uint16_t i = 0; i < local_count; ++i)
            snapshot->addresses.push_back({.address = local_of(version, i), .mac = port_->mac()});
    }
    for (std::uint16_t id = 0; id < server_count; ++id)
        snapshot->servers.push_back(make_server(id));
    snapshot->services.push_back(make_service());
    snapshot->capture = tap_;
    snapshot->seal();
    exchange_.publisher.publish(std::move(snapshot));
}

unsigned Bed::owner_of(const rte_mbuf& frame) const {
    const net::Parsed parsed = net::parse(
        {rte_pktmbuf_mtod(&frame, const std::uint8_t*), frame.data_len}, net::IpChecksum::verified);
    if (!parsed.is_tcp()) return 0;
    if (load_.mode != Mode::nat)
        return spread_.owner(
            {parsed.source, parsed.destination, parsed.source_port, parsed.destination_port});
    return parsed.source_port == amqp
               ? spread_.owner_of_client(parsed.destination, parsed.destination_port)
               : spread_.owner_of_client(parsed.source, parsed.source_port);
}

unsigned Bed::push_to(unsigned worker, rte_mbuf** frames, unsigned count) {
    return rte_ring_sp_enqueue_burst(rx_[worker], reinterpret_cast<void**>(frames), count, nullptr);
}

unsigned Bed::pull_from(unsigned worker, rte_mbuf** frames, unsigned most) {
    return rte_ring_sc_dequeue_burst(tx_[worker], reinterpret_cast<void**>(frames), most, nullptr);
}

unsigned Bed::push(rte_mbuf** frames, unsigned count) {
    if (workers_.size() == 1) return push_to(0, frames, count);
    for (unsigned i = 0; i < count; ++i)
        if (rte_ring_sp_enqueue(rx_[owner_of(*frames[i])], frames[i]) != 0) return i;
    return count;
}

unsigned Bed::pull(rte_mbuf** frames, unsigned most) {
    unsigned count = 0;
    for (std::size_t tried = 0; tried < tx_.size() && count < most; ++tried) {
        count += pull_from(static_cast<unsigned>(next_tx_), frames + count, most - count);
        next_tx_ = next_tx_ + 1 == tx_.size() ? 0 : next_tx_ + 1;
    }
    return count;
}

void Bed::pass_by() {
    std::array<void*, burst> frames;
    const unsigned count = rte_ring_sc_dequeue_burst(rx_[0], frames.data(), burst, nullptr);
    rte_ring_sp_enqueue_bulk(tx_[0], frames.data(), count, nullptr);
}

void Bed::drain_events() {
    exchange::FlowEvent event;
    for (std::size_t worker = 0; worker < workers_.size(); ++worker)
        while (exchange_.workers[worker]->events.pop(event)) {
        }
    drain_tap();
    if (!load_.flow_sync) return;
    exchange::SyncEvent said;
    while (exchange_.workers[0]->sync->events.pop(said)) {
    }
}

void Bed::drain_tap() {
    if (tap_ == nullptr) return;
    if (tap_->lost() != 0) throw std::runtime_error("a copy was lost");
    exchange::CaptureSlot slot(tap_->snap_bytes);
    for (const auto& ring : tap_->rings)
        while (ring->pop(slot)) {
        }
}

void Bed::begin_to_speak() {
    exchange_.sync.speaks = load_.flow_sync;
}

void Bed::begin_to_capture() {
    if (!load_.capture) return;
    constexpr std::size_t snap_bytes = 256;  // warrenctl's
    tap_ = std::make_shared<exchange::CaptureTap>(workers_.size(), exchange::CaptureFilter{},
                                                  snap_bytes);
    publish();
}

double Bed::bytes_per_flow() const {
    const flow::TableOptions table{.capacity = capacity_for(load_),
                                   .servers = exchange::max_servers,
                                   .services = exchange::max_services};
    const flow::TableOptions empty{.servers = table.servers, .services = table.services};
    return double(flow::FlowTable::bytes_for(table) - flow::FlowTable::bytes_for(empty)) /
           double(table.capacity);
}

}  // namespace warren::bench
