// SPDX-License-Identifier: BSD-3-Clause
#include "world.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "port/eal.h"

namespace warren::datapath {
namespace {

// Names of rings, pools and devices are process-wide in DPDK; each World has its own.
std::string next_name() {
    static unsigned worlds = 0;
    return "w" + std::to_string(worlds++);
}

exchange::Snapshot first_snapshot(const WorldOptions& options) {
    exchange::Snapshot snapshot;
    snapshot.generation = 1;
    snapshot.virtual_routers = {{.vrid = 51, .port = 0, .lease_ns = 1'000'000 * second}};
    snapshot.addresses = {
        {.address = packets::address(vip), .mac = packets::mac(vip_mac), .virtual_router = 0}};
    exchange::Service service;
    service.present = true;
    service.address = packets::address(vip);
    service.port = net::Be16(5672);
    service.algorithm = balance::Algorithm::rr;
    service.local_addresses = {packets::address(vip)};
    for (unsigned i = 0; i < options.servers; ++i) {
        exchange::Server server;
        server.address = net::IpAddress::v4(192, 168, 8, static_cast<std::uint8_t>(11 + i));
        server.port = net::Be16(5672);
        server.state = exchange::ServerState::up;
        server.reachable = true;
        server.next_hop = {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(0x0b + i)}};
        server.link_source = packets::mac(vip_mac);
        server.weight = balance::weight_one;
        service.servers.push_back(static_cast<std::uint16_t>(i));
        snapshot.servers.push_back(server);
    }
    snapshot.services.push_back(service);
    return snapshot;
}

std::vector<packets::Frame> take(const std::vector<rte_ring*>& rings) {
    std::vector<packets::Frame> frames;
    for (rte_ring* ring : rings) {
        void* taken = nullptr;
        while (rte_ring_dequeue(ring, &taken) == 0) {
            auto* mbuf = static_cast<rte_mbuf*>(taken);
            const auto* data = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
            frames.emplace_back(data, data + mbuf->data_len);
            rte_pktmbuf_free(mbuf);
        }
    }
    return frames;
}

// net_ring starts with no address at all and cannot replace one, but the first added is it.
void set_mac(const port::Port& port, const net::MacAddress& mac) {
    rte_ether_addr address{};
    std::memcpy(address.addr_bytes, mac.bytes.data(), 6);
    if (rte_eth_dev_mac_addr_add(port.id(), &address, 0) != 0 || port.mac() != mac)
        throw std::runtime_error("net_ring took no MAC address");
}

}  // namespace

World::World(const WorldOptions& options)
    : exchange(options.workers, options.flow_sync),
      spread(flow::Spread::key_of(5), options.workers),
      options_(options),
      current_(first_snapshot(options)) {
    const std::string name = next_name();
    pool_ = port::make_mempool("pool_" + name, 4095);
    for (unsigned i = 0; i < options.ports; ++i) {
        ports_.push_back(make_port(name + (i == 0 ? "" : "b"), rx_, tx_));
        set_mac(*ports_[i], packets::mac(i == 0 ? vip_mac : second_mac));
    }
    if (options.kernel_port) kernel_port_ = make_port(name + "k", kernel_rx_, kernel_tx_);
    for (const auto& port : ports_)
        table_.add(*port, port == ports_[0] ? kernel_port_.get() : nullptr);
    for (unsigned i = 0; i < options.workers; ++i) {
        workers.push_back(std::make_unique<Worker>(
            exchange, WorkerOptions{.id = i,
                                    .ports = &table_,
                                    .pool = pool_.get(),
                                    .flow_capacity = options.flow_capacity,
                                    .now_ns = now_ns,
                                    .spread = &spread,
                                    .secrets = {.hash_seed = {1, 2},
                                                .isn_key = {3, 4},
                                                .isn_clock_ns = options.isn_clock_ns,
                                                .digest_key = {5, 6}},
                                    .port_share = options.port_share,
                                    .fast_path = fast_path}));
        exchange.publisher.online(i);
    }
    change([](exchange::Snapshot&) {});
    set_master(true);
}

World::~World() {
    for (unsigned i = 0; i < workers.size(); ++i)
        exchange.publisher.offline(i);
    workers.clear();
    ports_.clear();
    kernel_port_.reset();
    for (const auto* rings : {&rx_, &tx_, &kernel_rx_, &kernel_tx_})
        for (rte_ring* ring : *rings)
            rte_ring_free(ring);
}

std::unique_ptr<port::Port> World::make_port(const std::string& name, std::vector<rte_ring*>& rx,
                                             std::vector<rte_ring*>& tx) {
    const std::size_t first = rx.size();
    for (unsigned i = 0; i < options_.workers; ++i) {
        const std::string suffix = name + "_" + std::to_string(i);
        rx.push_back(rte_ring_create(("rx" + suffix).c_str(), 1024, SOCKET_ID_ANY, 0));
        tx.push_back(rte_ring_create(("tx" + suffix).c_str(), 1024, SOCKET_ID_ANY, 0));
    }
    if (rte_eth_from_rings(name.c_str(), &rx[first], options_.workers, &tx[first], options_.workers,
                           0) < 0)
        throw std::runtime_error("no net_ring port");
    return std::make_unique<port::Port>(port::PortOptions{.name = name,
                                                          .device = "net_ring_" + name,
                                                          .workers = options_.workers,
                                                          .pool = pool_.get()});
}

void World::change(const std::function<void(exchange::Snapshot&)>& edit) {
    edit(current_);
    ++current_.generation;
    current_.seal();
    exchange.publisher.publish(std::make_unique<exchange::Snapshot>(current_));
}

void World::set_master(bool master) {
    exchange.ownership.set(0, master);
    exchange.ownership.beat(now_ns);
}

rte_mbuf* World::make(const packets::Frame& frame) {
    rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_.get());
    if (mbuf == nullptr) throw std::runtime_error("no mbuf");
    mbuf->ol_flags = rx_flags;
    mbuf->hash.rss = rx_hash;
    mbuf->tso_segsz = rx_segment_bytes;
    std::memcpy(rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame.size())), frame.data(),
                frame.size());
    if (stripped_tag != 0) mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    mbuf->vlan_tci = stripped_tag;
    return mbuf;
}

void World::put(const packets::Frame& frame, rte_ring* ring) {
    ASSERT_EQ(rte_ring_enqueue(ring, make(frame)), 0);
}

void World::hand_over(const packets::Frame& frame, std::uint16_t port, unsigned worker) {
    rte_mbuf* mbuf = make(frame);
    mbuf->port = port;
    const exchange::HandoffFrame handed{.mbuf = mbuf};
    ASSERT_EQ(exchange.handoff(0, worker).push(&handed, 1), 1U);
}

void World::add_port() {
    ports_.push_back(make_port(next_name() + "c", rx_, tx_));
    set_mac(*ports_.back(), packets::mac(second_mac));
    table_.add(*ports_.back());
}

void World::fill(const packets::Frame& frame, rte_ring* ring) {
    while (rte_ring_full(ring) == 0)
        put(frame, ring);
}

std::vector<packets::Frame> World::run_raw() {
    std::vector<packets::Frame> sent;
    for (unsigned quiet = 0; quiet < 3;) {
        unsigned handled = 0;
        for (unsigned i = 0; i < workers.size(); ++i) {
            handled += workers[i]->poll_once(now_ns);
            exchange.publisher.quiescent(i);
        }
        const auto frames = take(tx_);
        sent.insert(sent.end(), frames.begin(), frames.end());
        quiet = handled == 0 && frames.empty() ? quiet + 1 : 0;
    }
    expect_conservation();
    return sent;
}

std::vector<std::string> World::run() {
    return packets::describe(run_raw());
}

std::vector<packets::Frame> World::send_raw(const packets::Frame& frame, unsigned worker,
                                            unsigned port) {
    put(frame, rx_[port * options_.workers + worker]);
    return run_raw();
}

std::vector<std::string> World::send(const packets::Frame& frame, unsigned worker, unsigned port) {
    return packets::describe(send_raw(frame, worker, port));
}

std::vector<std::string> World::taken_by_kernel() {
    return packets::describe(take(kernel_tx_));
}

std::vector<std::string> World::send_from_kernel(const packets::Frame& frame) {
    put(frame, kernel_rx_[0]);
    return run();
}

std::uint64_t World::router_frames(std::size_t router) const {
    std::uint64_t sum = 0;
    for (const auto& link : exchange.workers)
        sum += link->router_frames[router].value();
    return sum;
}

std::uint64_t World::dropped(exchange::Drop reason) const {
    std::uint64_t sum = 0;
    for (const auto& link : exchange.workers)
        sum += link->counters.drops[static_cast<std::size_t>(reason)].value();
    return sum;
}

std::uint64_t World::refused(exchange::Drop reason) const {
    std::uint64_t sum = 0;
    for (const auto& link : exchange.workers)
        sum += link->counters.refusals[static_cast<std::size_t>(reason)].value();
    return sum;
}

std::uint64_t World::counted(exchange::Counter exchange::WorkerCounters::*counter) const {
    std::uint64_t sum = 0;
    for (const auto& link : exchange.workers)
        sum += (link->counters.*counter).value();
    return sum;
}

void World::expect_conservation() const {
    using C = exchange::WorkerCounters;
    std::uint64_t drops = 0;
    for (std::size_t i = 0; i < exchange::drop_count; ++i)
        drops += dropped(static_cast<exchange::Drop>(i));
    std::uint64_t held = 0, released = 0;
    for (const auto& link : exchange.workers) {
        if (link->sync == nullptr) continue;
        held += link->sync->held.value();
        released += link->sync->released.value();
    }
    const std::uint64_t in = released + counted(&C::rx) + counted(&C::handoff_in) +
                             counted(&C::control_tx) + counted(&C::generated);
    const std::uint64_t out = counted(&C::tx) + counted(&C::kernel) + counted(&C::punt) +
                              counted(&C::handoff_out) + drops + held;
    EXPECT_EQ(in, out) << "a frame was lost or counted twice";
}

}  // namespace warren::datapath

int main(int argc, char** argv) {
    const bool fast_path = std::find(argv, argv + argc, std::string("--slow-path")) == argv + argc;
    // Both ways run at the same time: they would write one report.
    if (std::string output = GTEST_FLAG_GET(output); !fast_path && output.ends_with('/'))
        GTEST_FLAG_SET(output, output + "datapath-test_2.xml");
    testing::InitGoogleTest(&argc, argv);
    warren::datapath::World::fast_path = fast_path;
    warren::port::EalOptions options;
    options.instance = "warren-test-" + std::to_string(getpid());
    options.hugepages = warren::port::Hugepages::no;
    options.extra = {"--no-telemetry"};
    const warren::port::Eal eal(options);
    return RUN_ALL_TESTS();
}
