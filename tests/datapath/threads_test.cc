// SPDX-License-Identifier: BSD-3-Clause
// Workers as they really run, each in a thread of its own, under traffic, while the manager
// publishes ten thousand snapshots and opens another port, the control lcore moves ownership and
// reads what they punt, and a sync thread gives orders.
// tools/check runs it under the thread sanitizer too, which sees nothing of what DPDK's own
// libraries do: so frames come over the hand-off rings of a worker that the test plays, and packet
// memory is kept behind a lock of ours.
#include <gtest/gtest.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_mempool.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "datapath/worker.h"
#include "packets/packet_builder.h"
#include "port/clock.h"
#include "port/eal.h"
#include "port/mempool.h"

namespace warren::datapath {
namespace {

constexpr auto vip = "192.168.8.100";
constexpr auto our_mac = "02:00:00:00:00:64";
constexpr unsigned workers = 2;
constexpr unsigned feeder = workers;  // the worker that the test plays
constexpr unsigned publishes = 10'000;

// ---- packet memory whose every hand-over the sanitizer sees

struct LockedStack {
    std::mutex lock;
    std::vector<void*> free;
};

int make_stack(rte_mempool* pool) {
    pool->pool_data = new LockedStack;
    return 0;
}
void free_stack(rte_mempool* pool) {
    delete static_cast<LockedStack*>(pool->pool_data);
}
int put(rte_mempool* pool, void* const* objects, unsigned count) {
    auto& stack = *static_cast<LockedStack*>(pool->pool_data);
    const std::lock_guard guard(stack.lock);
    stack.free.insert(stack.free.end(), objects, objects + count);
    return 0;
}
int take(rte_mempool* pool, void** objects, unsigned count) {
    auto& stack = *static_cast<LockedStack*>(pool->pool_data);
    const std::lock_guard guard(stack.lock);
    if (stack.free.size() < count) return -ENOBUFS;
    for (unsigned i = 0; i < count; ++i) {
        objects[i] = stack.free.back();
        stack.free.pop_back();
    }
    return 0;
}
unsigned count_free(const rte_mempool* pool) {
    auto& stack = *static_cast<LockedStack*>(pool->pool_data);
    const std::lock_guard guard(stack.lock);
    return static_cast<unsigned>(stack.free.size());
}

rte_mempool* make_pool() {
    static rte_mempool_ops ops{};
    std::strcpy(ops.name, "locked_stack");
    ops.alloc = make_stack;
    ops.free = free_stack;
    ops.enqueue = put;
    ops.dequeue = take;
    ops.get_count = count_free;
    rte_mempool_register_ops(&ops);
    return rte_pktmbuf_pool_create_by_ops("threads", 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                          SOCKET_ID_ANY, "locked_stack");
}

// ---- the world

std::unique_ptr<exchange::Snapshot> snapshot_of(std::uint64_t generation, std::size_t ports) {
    auto snapshot = std::make_unique<exchange::Snapshot>();
    snapshot->generation = generation;
    snapshot->port_macs.assign(ports, packets::mac(our_mac));
    snapshot->virtual_routers = {{.vrid = 51, .port = 0, .lease_ns = 3'000'000'000}};
    snapshot->addresses = {{.address = packets::address(vip), .mac = packets::mac(our_mac)}};
    exchange::Service service;
    service.present = true;
    service.address = packets::address(vip);
    service.port = net::Be16(5672);
    service.algorithm = balance::Algorithm::rr;
    service.local_addresses = {packets::address(vip)};
    for (std::uint8_t i = 0; i < 4; ++i) {
        exchange::Server server;
        server.address = net::IpAddress::v4(192, 168, 8, static_cast<std::uint8_t>(11 + i));
        server.port = net::Be16(5672);
        // One of them is always down, so that flows are reset all the time.
        server.state =
            generation % 4 == i ? exchange::ServerState::down : exchange::ServerState::up;
        server.reachable = true;
        server.next_hop = {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(0x0b + i)}};
        server.link_source = packets::mac(our_mac);
        server.weight = balance::weight_one;
        service.servers.push_back(i);
        snapshot->servers.push_back(server);
    }
    snapshot->services.push_back(service);
    snapshot->seal();
    return snapshot;
}

std::vector<packets::Frame> traffic() {
    std::vector<packets::Frame> frames;
    for (unsigned i = 0; i < 512; ++i) {
        const std::string client =
            "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
        frames.push_back(packets::PacketBuilder()
                             .ethernet("02:00:00:00:00:c1", our_mac)
                             .ip(client.c_str(), vip)
                             .tcp(static_cast<std::uint16_t>(20'000 + i), 5672, "S")
                             .seq(i));
        if (i % 16 == 0)
            frames.push_back(packets::PacketBuilder()
                                 .ethernet("02:00:00:00:00:06", "01:00:5e:00:00:12")
                                 .ip("192.168.8.6", "224.0.0.18")
                                 .ttl(255)
                                 .vrrp_v2(51, 90, 1, {vip}, ""));
        if (i % 16 == 8)
            frames.push_back(packets::PacketBuilder()
                                 .ethernet("02:00:00:00:00:06", "ff:ff:ff:ff:ff:ff")
                                 .arp_request(vip, vip));
    }
    return frames;
}

class Threads : public testing::Test {
  protected:
    Threads() {
        add_port("loop");
        exchange_.publisher.publish(snapshot_of(1, ports_.size()));
        exchange_.ownership.set(0, true);
        exchange_.ownership.beat(port::now_ns());
        for (unsigned i = 0; i < workers; ++i)
            workers_.push_back(std::make_unique<Worker>(
                exchange_, WorkerOptions{.id = i,
                                         .ports = &ports_,
                                         .pool = pool_.get(),
                                         .flow_capacity = 4096,
                                         .now_ns = port::now_ns(),
                                         .spread = &spread_,
                                         .secrets = {.hash_seed = {1, 2}, .isn_key = {3, 4}}}));
    }

    // What a worker sends comes back to itself: no frame changes threads within a driver.
    void add_port(const std::string& name) {
        std::array<rte_ring*, workers> rings{};
        for (unsigned i = 0; i < workers; ++i)
            rings[i] = rte_ring_create((name + std::to_string(i)).c_str(), 1024, SOCKET_ID_ANY, 0);
        if (rte_eth_from_rings(name.c_str(), rings.data(), workers, rings.data(), workers, 0) < 0)
            throw std::runtime_error("no net_ring port");
        const auto& port = opened_.emplace_back(std::make_unique<port::Port>(port::PortOptions{
            .name = name, .device = "net_ring_" + name, .workers = workers, .pool = pool_.get()}));
        rte_ether_addr address{};
        std::memcpy(address.addr_bytes, packets::mac(our_mac).bytes.data(), 6);
        rte_eth_dev_mac_addr_add(port->id(), &address, 0);
        ports_.add(*port);
    }
    rte_mbuf* make(const packets::Frame& frame) {
        rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_.get());
        if (mbuf == nullptr) return nullptr;
        mbuf->port = 0;
        std::memcpy(rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame.size())),
                    frame.data(), frame.size());
        return mbuf;
    }
    void feed() {
        const std::vector<packets::Frame> frames = traffic();
        for (std::size_t i = 0; !exchange_.stop.load(std::memory_order_relaxed); ++i) {
            const unsigned to = static_cast<unsigned>(i) % workers;
            rte_mbuf* mbuf = make(frames[i % frames.size()]);
            const exchange::HandoffFrame handed{.mbuf = mbuf};
            if (mbuf != nullptr && exchange_.handoff(feeder, to).push(&handed, 1) == 0)
                rte_pktmbuf_free(mbuf);
            exchange_.workers[to]->doorbell.ring_if_asleep();
            if (i % 64 == 0) std::this_thread::yield();
        }
    }
    // Says back what it hears, and walks, sweeps and marks without end.
    void sync() {
        exchange_.sync.speaks = true;
        for (std::uint32_t round = 1; !exchange_.stop.load(std::memory_order_relaxed); ++round) {
            exchange::SyncLink& link = *exchange_.workers[round % workers]->sync;
            exchange::SyncEvent event;
            exchange::SyncCommand command{
                .colour = static_cast<std::uint8_t>(round % 2), .router = 0, .number = round};
            while (link.events.pop(event)) {
                ++heard_;
                command.flow = event.flow;
                using enum exchange::SyncCommand::Kind;
                for (const auto kind : {install, walk, sweep, mark}) {
                    command.kind = kind;
                    if (kind == install || round % 64 < 2)
                        static_cast<void>(!link.commands.push(command));
                }
            }
            if (round % 64 < 2) {
                command.kind = exchange::SyncCommand::Kind::mark;
                static_cast<void>(!link.commands.push(command));
            }
            link.acknowledged = round;
            std::this_thread::yield();
        }
    }
    void control() {
        for (std::uint64_t round = 0; !exchange_.stop.load(std::memory_order_relaxed); ++round) {
            exchange_.ownership.beat(port::now_ns());
            exchange_.ownership.set(0, round % 64 != 0);
            seen_ns_ = std::max(seen_ns_, exchange_.workers[0]->seen_ns[0].load());
            for (unsigned i = 0; i < workers; ++i)
                for (exchange::MbufRing* ring :
                     {&exchange_.workers[i]->adverts, &exchange_.workers[i]->claims}) {
                    std::array<rte_mbuf*, 64> packets;
                    const unsigned count = ring->pop(packets.data(), packets.size());
                    for (unsigned p = 0; p < count; ++p) {
                        punted_ += *rte_pktmbuf_mtod(packets[p], const std::uint8_t*) != 0xaa;
                        rte_pktmbuf_free(packets[p]);
                    }
                }
            std::this_thread::yield();
        }
    }
    // As the manager: publishes, takes events, asks for flows, reads counters.
    void manage() {
        for (std::uint64_t generation = 2; generation < 2 + publishes; ++generation) {
            if (generation == publishes / 2) add_port("more");
            exchange_.publisher.publish(snapshot_of(generation, ports_.size()));
            for (unsigned i = 0; i < workers; ++i) {
                exchange::WorkerLink& worker = *exchange_.workers[i];
                exchange::FlowEvent event;
                while (worker.events.pop(event))
                    ++events_;
                exchange::FlowRow row;
                while (worker.rows.pop(row))
                    rows_ += row.last ? 1 : 0;
                if (generation % 100 == 0 && !worker.commands.push({.request = 1, .most = 16}))
                    continue;
            }
            exchange_.note_check(0, port::now_ns());
        }
    }
    std::uint64_t counted(unsigned worker, exchange::Counter exchange::WorkerCounters::*counter) {
        return (exchange_.workers[worker]->counters.*counter).value();
    }
    void expect_conservation(unsigned worker) {
        using C = exchange::WorkerCounters;
        std::uint64_t drops = 0;
        for (const exchange::Counter& drop : exchange_.workers[worker]->counters.drops)
            drops += drop.value();
        EXPECT_EQ(counted(worker, &C::rx) + counted(worker, &C::handoff_in) +
                      counted(worker, &C::generated),
                  counted(worker, &C::tx) + counted(worker, &C::kernel) +
                      counted(worker, &C::punt) + counted(worker, &C::handoff_out) + drops);
    }

    const port::Mempool pool_{make_pool()};
    exchange::Exchange exchange_{workers + 1, true};
    flow::Spread spread_{flow::Spread::key_of(5), workers};
    std::vector<std::unique_ptr<port::Port>> opened_;
    port::PortTable ports_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::uint64_t seen_ns_ = 0, punted_ = 0, events_ = 0, rows_ = 0, heard_ = 0;
};

TEST_F(Threads, TenThousandPublishesUnderTraffic) {
    using C = exchange::WorkerCounters;
    std::vector<std::thread> threads;
    for (const auto& worker : workers_)
        threads.emplace_back([&worker] { worker->run(); });
    threads.emplace_back([this] { feed(); });
    threads.emplace_back([this] { control(); });
    threads.emplace_back([this] { sync(); });
    manage();
    while (counted(0, &C::handoff_in) < 1000 || counted(1, &C::handoff_in) < 1000)
        std::this_thread::yield();  // a busy machine gave the workers no turn yet
    exchange_.stop.store(true);
    for (std::thread& thread : threads)
        thread.join();
    for (unsigned i = 0; i < workers; ++i) {
        expect_conservation(i);
        EXPECT_GT(counted(i, &C::flows_admitted), 0U);
        EXPECT_EQ(counted(i, &C::handoff_out), 0U) << "what was handed off is served";
        EXPECT_NE(exchange_.workers[i]->seen_ns[1].load(), 0U) << "the port that came later";
    }
    EXPECT_GT(punted_, 0U);
    EXPECT_GT(seen_ns_, 0U);
    EXPECT_GT(rows_, 0U);
    EXPECT_GT(heard_, 0U);
    EXPECT_EQ(exchange_.publisher.reclaim(), 0U) << "nobody holds an old snapshot";
}

}  // namespace
}  // namespace warren::datapath

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    warren::port::EalOptions options;
    options.instance = "warren-threads-" + std::to_string(getpid());
    options.hugepages = warren::port::Hugepages::no;
    options.extra = {"--no-telemetry"};
    const warren::port::Eal eal(options);
    // net_ring has no rx interrupts; what EAL says of that is written by all workers at once.
    rte_log_set_global_level(RTE_LOG_EMERG);
    return RUN_ALL_TESTS();
}
