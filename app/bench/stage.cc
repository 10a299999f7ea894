// SPDX-License-Identifier: BSD-3-Clause
#include "stage.h"

#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <time.h>

#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "datapath/worker.h"
#include "net/build.h"
#include "port/clock.h"
#include "port/mempool.h"

namespace warren::bench {
namespace {

constexpr unsigned burst = 32;
constexpr std::size_t frame_bytes = 74;  // IPv6 and TCP; IPv4's have padding
constexpr net::MacAddress client_mac{{2, 0, 0, 0, 0, 0xc1}};
constexpr net::MacAddress server_mac{{2, 0, 0, 0, 0, 0x0b}};
const net::Be16 amqp(5672);

using Frame = std::array<std::uint8_t, frame_bytes>;

// The IPv4 address, or 2001:db8:: with its bits at the end.
net::IpAddress address(unsigned version, std::uint32_t v4) {
    if (version == 4) return net::IpAddress::v4(net::Be32(v4));
    return net::IpAddress::v6({0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0,
                               static_cast<std::uint8_t>(v4 >> 24),
                               static_cast<std::uint8_t>(v4 >> 16),
                               static_cast<std::uint8_t>(v4 >> 8), static_cast<std::uint8_t>(v4)});
}
net::IpAddress vip(unsigned version) {
    return address(version, 0xc0a80864);  // 192.168.8.100
}
net::IpAddress client_address(unsigned version, std::uint32_t flow) {
    return address(version, 0x0a000000U + flow / 1000);
}
net::Be16 client_port(std::uint32_t flow) {
    return net::Be16(static_cast<std::uint16_t>(10'000 + flow % 1000));
}

// This thread's own: what other processes take on a busy machine does not count.
std::uint64_t cpu_time_ns() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(t.tv_nsec);
}

class Stage {
  public:
    explicit Stage(const StageOptions& options);
    ~Stage();

    void open_flows();
    // Cycles per packet of the loop, with or without the worker in it.
    double measure(bool with_worker, double seconds);
    std::uint64_t packets = 0;
    std::uint64_t lost = 0;

  private:
    Frame segment(std::uint32_t flow, std::uint8_t flags) const;
    Frame syn_ack_to(const rte_mbuf& syn) const;
    void publish(const net::MacAddress& own);
    unsigned push(const Frame* const* frames, unsigned count);
    unsigned pull();
    void pass(std::uint32_t flow, const Frame& frame);

    const StageOptions options_;
    std::uint64_t now_ns_ = port::now_ns();
    port::Mempool pool_ = port::make_mempool("stage", 4095);
    rte_ring* rx_ = rte_ring_create("stage_rx", 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    rte_ring* tx_ = rte_ring_create("stage_tx", 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    std::unique_ptr<port::Port> port_;
    exchange::Exchange exchange_{1};
    flow::Spread spread_{flow::Spread::key_of(5), 1};
    std::unique_ptr<datapath::Worker> worker_;
    net::MacAddress own_;
    std::vector<Frame> frames_;
    std::array<rte_mbuf*, burst> idle_{};
};

Stage::Stage(const StageOptions& options) : options_(options) {
    if (rx_ == nullptr || tx_ == nullptr ||
        rte_eth_from_rings("stage", &rx_, 1, &tx_, 1, SOCKET_ID_ANY) < 0)
        throw std::runtime_error("no net_ring port");
    port_ = std::make_unique<port::Port>(port::PortOptions{
        .name = "stage", .device = "net_ring_stage", .workers = 1, .pool = pool_.get()});
    own_ = port_->mac();
    worker_ = std::make_unique<datapath::Worker>(
        exchange_, datapath::WorkerOptions{.id = 0,
                                           .ports = {port_.get()},
                                           .pool = pool_.get(),
                                           .flow_capacity = options.flows + options.flows / 8 + 64,
                                           .idle_adaptive = false,
                                           .now_ns = now_ns_,
                                           .spread = &spread_,
                                           .secrets = {.hash_seed = {1, 2}, .isn_key = {3, 4}}});
    publish(own_);
    exchange_.ownership.set(0, true);
    exchange_.ownership.beat(now_ns_);
    if (rte_pktmbuf_alloc_bulk(pool_.get(), idle_.data(), burst) != 0)
        throw std::runtime_error("no mbufs");
}

Stage::~Stage() {
    for (rte_mbuf* mbuf : idle_)
        rte_pktmbuf_free(mbuf);
}

// Enough servers that no pair of local address and server runs out of ports.
void Stage::publish(const net::MacAddress& own) {
    auto snapshot = std::make_unique<exchange::Snapshot>();
    snapshot->generation = 1;
    snapshot->virtual_routers = {{.vrid = 1, .port = 0, .lease_ns = UINT64_MAX}};
    snapshot->addresses = {{.address = vip(4), .mac = own}, {.address = vip(6), .mac = own}};
    exchange::Service service;
    service.present = true;
    service.address = vip(options_.clients);
    service.port = amqp;
    service.local_addresses = {vip(options_.servers)};
    service.algorithm = balance::Algorithm::rr;
    for (std::uint16_t id = 0; id < 32; ++id) {
        exchange::Server server;
        server.address = address(options_.servers, 0xc0a80901U + id);
        server.port = amqp;
        server.state = exchange::ServerState::up;
        server.reachable = true;
        server.next_hop = server_mac;
        server.link_source = own;
        server.weight = balance::weight_one;
        service.servers.push_back(id);
        snapshot->servers.push_back(server);
    }
    snapshot->services.push_back(service);
    snapshot->seal();
    exchange_.publisher.publish(std::move(snapshot));
}

Frame Stage::segment(std::uint32_t flow, std::uint8_t flags) const {
    Frame frame{};
    net::build_tcp(frame, {client_mac, own_},
                   {.source = client_address(options_.clients, flow),
                    .destination = vip(options_.clients),
                    .source_port = client_port(flow),
                    .destination_port = amqp,
                    .sequence = 1000,
                    .acknowledgement = 1,
                    .flags = flags});
    return frame;
}

unsigned Stage::push(const Frame* const* frames, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        idle_[i]->data_off = RTE_PKTMBUF_HEADROOM;  // another family's header moved it
        std::memcpy(rte_pktmbuf_mtod(idle_[i], void*), frames[i]->data(), frame_bytes);
        idle_[i]->data_len = frame_bytes;
        idle_[i]->pkt_len = frame_bytes;
    }
    return rte_ring_sp_enqueue_bulk(rx_, reinterpret_cast<void**>(idle_.data()), count, nullptr);
}

unsigned Stage::pull() {
    return rte_ring_sc_dequeue_burst(tx_, reinterpret_cast<void**>(idle_.data()), burst, nullptr);
}

// The server's answer; it acknowledges to the client what segment() acknowledges to the server.
Frame Stage::syn_ack_to(const rte_mbuf& syn) const {
    const net::Parsed sent =
        net::parse({rte_pktmbuf_mtod(&syn, const std::uint8_t*), syn.data_len});
    Frame frame{};
    net::build_tcp(frame, {server_mac, own_},
                   {.source = sent.destination,
                    .destination = sent.source,
                    .source_port = sent.destination_port,
                    .destination_port = sent.source_port,
                    .sequence = 0,
                    .acknowledgement = sent.sequence + 1,
                    .flags = net::tcp_flag::syn | net::tcp_flag::ack});
    return frame;
}

void Stage::pass(std::uint32_t flow, const Frame& frame) {
    const Frame* one = &frame;
    push(&one, 1);
    worker_->poll_once(now_ns_);
    if (pull() != 1) throw std::runtime_error("flow " + std::to_string(flow) + " did not open");
}

void Stage::open_flows() {
    frames_.reserve(options_.flows);
    for (std::uint32_t flow = 0; flow < options_.flows; ++flow) {
        pass(flow, segment(flow, net::tcp_flag::syn));
        pass(flow, syn_ack_to(*idle_[0]));
        frames_.push_back(segment(flow, net::tcp_flag::ack));
        pass(flow, frames_.back());
        exchange::FlowEvent event;
        while (exchange_.workers[0]->events.pop(event)) {
        }
    }
}

double Stage::measure(bool with_worker, double seconds) {
    std::minstd_rand random(1);
    std::array<const Frame*, burst> chosen;
    const std::uint64_t start = rte_rdtsc();
    const std::uint64_t cpu_start = cpu_time_ns();
    const auto end = start + static_cast<std::uint64_t>(seconds * double(rte_get_tsc_hz()));
    std::uint64_t rounds = 0;
    std::uint64_t now = start;
    for (; now < end; ++rounds, now = rte_rdtsc()) {
        for (const Frame*& frame : chosen) {
            frame = &frames_[random() % frames_.size()];
            __builtin_prefetch(frame);
        }
        push(chosen.data(), burst);
        if (with_worker)
            worker_->poll_once(now_ns_);
        else
            rte_ring_sp_enqueue_bulk(
                tx_, reinterpret_cast<void**>(idle_.data()),
                rte_ring_sc_dequeue_burst(rx_, reinterpret_cast<void**>(idle_.data()), burst,
                                          nullptr),
                nullptr);
        const unsigned out = pull();
        if (out == burst) continue;
        lost += burst - out;
        throw std::runtime_error("a segment was not forwarded");
    }
    packets = rounds * burst;
    const double seconds_used = double(cpu_time_ns() - cpu_start) / 1e9;
    return seconds_used * double(rte_get_tsc_hz()) / double(packets);
}

}  // namespace

StageResult run_stage(const StageOptions& options) {
    Stage stage(options);
    stage.open_flows();
    StageResult result;
    result.generator_cycles = stage.measure(false, options.seconds);
    const double both = stage.measure(true, options.seconds);
    result.packets = stage.packets;
    result.lost = stage.lost;
    result.worker_cycles = both - result.generator_cycles;
    result.worker_mpps = double(rte_get_tsc_hz()) / result.worker_cycles / 1e6;
    return result;
}

}  // namespace warren::bench
