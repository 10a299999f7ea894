// SPDX-License-Identifier: BSD-3-Clause
// A kernel interface that is shared: what becomes of frames that it does not send
// (drivers of other versions have freed them and said that they took none, so that callers freed
// them again), and which descriptor tells of which queue's frames.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "../health/own_namespace.h"
#include "net/checksum.h"
#include "net/headers.h"
#include "net/own_frames.h"
#include "packets/packet_builder.h"
#include "port/mempool.h"
#include "port/port.h"
#include "port/unfinished.h"

namespace warren::port {
namespace {

constexpr unsigned mbufs = 2047;

bool start_eal() {
    const std::string prefix = "--file-prefix=port-test-" + std::to_string(getpid());
    std::array<std::string, 8> words{"port-test", "--no-huge",      "-m",   "64",
                                     "--no-pci",  "--no-telemetry", prefix, "--log-level=1"};
    std::vector<char*> arguments;
    arguments.reserve(words.size());
    for (std::string& word : words)
        arguments.push_back(word.data());
    return rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) >= 0;
}

// Every buffer of the pool exists once.
void expect_whole(rte_mempool* pool) {
    std::vector<rte_mbuf*> all;
    std::set<rte_mbuf*> different;
    for (rte_mbuf* one = rte_pktmbuf_alloc(pool); one != nullptr && all.size() < 2 * mbufs;
         one = rte_pktmbuf_alloc(pool)) {
        all.push_back(one);
        different.insert(one);
    }
    EXPECT_EQ(all.size(), mbufs);
    EXPECT_EQ(different.size(), mbufs) << "buffers were freed twice";
    for (rte_mbuf* one : different)
        rte_pktmbuf_free(one);
}

// As the callers of tx_burst do: what was not taken is freed by them.
unsigned send(Port& port, rte_mempool* pool) {
    std::array<rte_mbuf*, 8> burst;
    if (rte_pktmbuf_alloc_bulk(pool, burst.data(), burst.size()) != 0) return 0;
    for (rte_mbuf* packet : burst)
        rte_pktmbuf_append(packet, 60);
    const unsigned taken = port.tx_burst(0, burst.data(), burst.size());
    for (unsigned i = taken; i < burst.size(); ++i)
        rte_pktmbuf_free(burst[i]);
    return taken;
}

void expect_no_frame_freed_twice(rte_mempool* pool) {
    PortOptions options;
    options.name = "eth0";
    options.pool = pool;
    Port port(options);
    ASSERT_TRUE(port.shared_with_kernel());
    std::uint32_t mark = 0;
    socklen_t size = sizeof mark;
    ASSERT_EQ(getsockopt(port.rx_descriptor(0), SOL_SOCKET, SO_MARK, &mark, &size), 0);
    EXPECT_EQ(mark, net::own_frames_mark) << "the guard would change the MACs that we send from";
    EXPECT_EQ(send(port, pool), 8U);
    EXPECT_EQ(port.stats().opackets, 8U);
    ASSERT_TRUE(testing_support::run("ip link set eth0 down"));
    for (int i = 0; i < 20; ++i)
        send(port, pool);
    EXPECT_EQ(port.stats().opackets, 8U) << "what a stall is told by";
    expect_whole(pool);
    ASSERT_TRUE(testing_support::run("ip link set eth0 up"));
}

// Datagrams of many flows from the other end of the cable.
void send_from_other(unsigned flows) {
    ASSERT_TRUE(testing_support::run("ip address add 10.0.0.1/24 dev other"));
    ASSERT_TRUE(
        testing_support::run("ip neighbour add 10.0.0.9 lladdr 02:00:00:00:00:09 dev other"));
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(0x0a000009);
    for (unsigned port = 1; port <= flows; ++port) {
        to.sin_port = htons(static_cast<std::uint16_t>(port));
        EXPECT_EQ(sendto(socket, "frame", 5, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
                  5);
    }
    close(socket);
}

unsigned drain(Port& port, std::uint16_t queue) {
    unsigned total = 0;
    std::array<rte_mbuf*, 32> burst;
    while (const unsigned count = port.rx_burst(queue, burst.data(), burst.size())) {
        rte_pktmbuf_free_bulk(burst.data(), count);
        total += count;
    }
    return total;
}

bool is_readable(int descriptor) {
    pollfd wanted{descriptor, POLLIN, 0};
    return poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLIN) != 0;
}

void expect_descriptors_of_the_queues(rte_mempool* pool) {
    PortOptions options;
    options.name = "eth0";
    options.workers = 3;
    options.pool = pool;
    Port port(options);
    for (std::uint16_t queue = 0; queue < port.rx_queues(); ++queue)
        drain(port, queue);
    send_from_other(100);
    unsigned total = 0, with_frames = 0;
    for (std::uint16_t queue = 0; queue < port.rx_queues(); ++queue) {
        ASSERT_GE(port.rx_descriptor(queue), 0);
        const bool readable = is_readable(port.rx_descriptor(queue));
        const unsigned count = drain(port, queue);
        EXPECT_EQ(readable, count != 0) << "queue " << queue << ", " << count << " frames";
        EXPECT_FALSE(is_readable(port.rx_descriptor(queue)));
        total += count;
        with_frames += count != 0 ? 1U : 0U;
    }
    EXPECT_GE(total, 100U);
    EXPECT_GE(with_frames, 2U);
    EXPECT_EQ(port.rx_descriptor(port.rx_queues()), -1);
}

std::vector<packets::Frame> received(Port& port, rte_mempool* pool, std::size_t at_least,
                                     std::uint16_t queue = 0) {
    std::vector<packets::Frame> frames;
    const auto add = [&](const rte_mbuf& frame) {
        const auto* begin = rte_pktmbuf_mtod(&frame, const std::uint8_t*);
        frames.emplace_back(begin, begin + rte_pktmbuf_data_len(&frame));
    };
    for (int tries = 0; tries < 100 && frames.size() < at_least; ++tries) {
        std::array<rte_mbuf*, 32> burst;
        const unsigned count = port.rx_burst(queue, burst.data(), burst.size());
        for (unsigned i = 0; i < count; ++i) {
            rte_mbuf& frame = *burst[i];
            const net::Parsed parsed =
                net::parse({rte_pktmbuf_mtod(&frame, std::uint8_t*), frame.data_len});
            if (is_large(frame)) {
                for_each_piece(frame, parsed, pool, [&](rte_mbuf* piece) {
                    add(*piece);
                    rte_pktmbuf_free(piece);
                });
            } else if (parsed.is_tcp()) {
                if (is_unfinished(frame)) finish_checksum(frame);
                add(frame);
            }
            rte_pktmbuf_free(&frame);
        }
        if (count == 0) usleep(1000);
    }
    return frames;
}

// Segments that follow each other cross the kernel as one, which the other end sees as one too
// while the cable has TSO, and as what they were without it.
void expect_segments_arrive_as_sent(rte_mempool* pool, rte_mempool* large_pool,
                                    const char* offloads) {
    ASSERT_TRUE(testing_support::run(std::string("ethtool -K eth0 ") + offloads));
    PortOptions options;
    options.pool = pool;
    options.large_pool = large_pool;
    options.name = "eth0";
    Port out(options);
    options.name = "other";
    Port in(options);
    std::vector<packets::Frame> frames;
    std::uint32_t next = 100;
    for (const std::size_t bytes : {1400U, 1400U, 1400U, 700U, 1400U, 1400U, 5U, 0U}) {
        frames.push_back(packets::PacketBuilder()
                             .ip("10.0.0.1", "10.0.0.9")
                             .tcp(4000, 5672, bytes == 5 ? "PA" : "A")
                             .id(static_cast<std::uint16_t>(frames.size()))
                             .seq(next)
                             .payload(packets::Frame(bytes, 'x'))
                             .build());
        next += static_cast<std::uint32_t>(bytes);
    }
    std::array<rte_mbuf*, 8> burst;
    ASSERT_EQ(rte_pktmbuf_alloc_bulk(pool, burst.data(), burst.size()), 0);
    for (std::size_t i = 0; i < burst.size(); ++i)
        std::copy(frames[i].begin(), frames[i].end(),
                  rte_pktmbuf_append(burst[i], static_cast<std::uint16_t>(frames[i].size())));
    EXPECT_EQ(out.tx_burst(0, burst.data(), burst.size()), 8U);
    EXPECT_EQ(out.stats().opackets, 8U);
    const auto got = received(in, pool, frames.size());
    ASSERT_EQ(got.size(), frames.size());
    for (std::size_t i = 0; i < frames.size(); ++i)
        EXPECT_EQ(packets::describe(got[i]), packets::describe(frames[i]));
    EXPECT_EQ(got, frames);
}

// As a router cuts them: `bytes` (a multiple of 8) of IP payload from `offset` on.
packets::Frame fragment_of(const packets::Frame& whole, std::size_t offset, std::size_t bytes) {
    const std::size_t payload = sizeof(net::EthernetHeader) + sizeof(net::Ipv4Header);
    packets::Frame cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(payload));
    const std::size_t end = std::min(payload + offset + bytes, whole.size());
    cut.insert(cut.end(), whole.begin() + static_cast<std::ptrdiff_t>(payload + offset),
               whole.begin() + static_cast<std::ptrdiff_t>(end));
    auto& ip = net::header_in<net::Ipv4Header>(cut, sizeof(net::EthernetHeader));
    const unsigned more = end < whole.size() ? net::Ipv4Header::more_fragments : 0U;
    ip.fragment = net::Be16(static_cast<std::uint16_t>(more | offset / 8));
    ip.total_length =
        net::Be16(static_cast<std::uint16_t>(cut.size() - sizeof(net::EthernetHeader)));
    ip.checksum = {};
    ip.checksum = net::internet_checksum({cut.data() + sizeof(net::EthernetHeader), sizeof ip});
    return cut;
}

void send_frames(Port& port, rte_mempool* pool, const std::vector<packets::Frame>& frames) {
    for (const packets::Frame& frame : frames) {
        rte_mbuf* packet = rte_pktmbuf_alloc(pool);
        ASSERT_NE(packet, nullptr);
        std::copy(frame.begin(), frame.end(),
                  rte_pktmbuf_append(packet, static_cast<std::uint16_t>(frame.size())));
        EXPECT_EQ(port.tx_burst(0, &packet, 1), 1U);
    }
}

void expect_cut_datagrams_come_whole(rte_mempool* pool, unsigned workers) {
    PortOptions options;
    options.pool = pool;
    options.name = "other";
    Port out(options);
    options.name = "eth0";
    options.workers = workers;
    options.joins_fragments = true;
    Port in(options);
    const auto may_not_be_cut = packets::PacketBuilder()
                                    .ip("10.0.0.1", "10.0.0.9")
                                    .tcp(4000, 5672, "PA")
                                    .payload(packets::Frame(1'400, 'x'))
                                    .build();
    const auto segment = fragment_of(may_not_be_cut, 0, 2'000);
    const auto first = fragment_of(segment, 0, 800), rest = fragment_of(segment, 800, 800);
    const auto whole_ones = [&] {
        std::vector<packets::Frame> all;
        for (std::uint16_t queue = 0; queue < workers; ++queue)
            for (packets::Frame& frame : received(in, pool, 1, queue))
                all.push_back(std::move(frame));
        return all;
    };
    send_frames(out, pool, {first, rest});
    EXPECT_EQ(whole_ones(), std::vector<packets::Frame>(1, segment));
    send_frames(out, pool, {rest});
    EXPECT_TRUE(whole_ones().empty());
    send_frames(out, pool, {first});
    EXPECT_EQ(whole_ones(), std::vector<packets::Frame>(1, segment));
}

// The kernel's macvlan takes any MAC into its filter, and hands on its own's frames only.
void expect_no_virtual_mac_on_a_macvlan(rte_mempool* pool) {
    if (!testing_support::run("ip link add mv0 link eth0 type macvlan mode bridge")) return;
    const net::MacAddress virtual_mac{{0, 0, 0x5e, 0, 1, 51}};
    for (const bool is_macvlan : {false, true}) {
        PortOptions options;
        options.name = is_macvlan ? "mv0" : "eth0";
        options.pool = pool;
        Port port(options);
        EXPECT_EQ(port.add_mac(virtual_mac).empty(), !is_macvlan);
        EXPECT_EQ(port.mac_trouble().empty(), !is_macvlan);
    }
}

// One test, for EAL starts once in a process.
TEST(SharedPort, FreesNoFrameTwiceAndSaysWhereFramesWait) {
    if (!testing_support::enter_own_namespace() ||
        !testing_support::run("ip link add eth0 type veth peer name other") ||
        !testing_support::run("ip link set eth0 up") ||
        !testing_support::run("ip link set other up"))
        GTEST_SKIP() << "no network namespace of its own";
    ASSERT_TRUE(start_eal());
    const Mempool pool = make_mempool("port-test", mbufs);
    expect_no_frame_freed_twice(pool.get());
    expect_descriptors_of_the_queues(pool.get());
    expect_no_virtual_mac_on_a_macvlan(pool.get());
    const Mempool large_pool = make_mempool("port-test-large", 255, 65'535 - RTE_PKTMBUF_HEADROOM);
    expect_segments_arrive_as_sent(pool.get(), large_pool.get(), "tso on gso on tx on");
    expect_segments_arrive_as_sent(pool.get(), large_pool.get(), "tso off gso off tx off");
    for (const unsigned workers : {1U, 2U})
        expect_cut_datagrams_come_whole(pool.get(), workers);
}

}  // namespace
}  // namespace warren::port
