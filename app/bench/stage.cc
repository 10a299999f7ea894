// SPDX-License-Identifier: BSD-3-Clause
#include "stage.h"

#include <rte_cycles.h>
#include <rte_eth_ring.h>

#include <algorithm>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "datapath/worker.h"
#include "port/clock.h"
#include "port/mempool.h"

namespace warren::bench {
namespace {

constexpr unsigned burst = 32;
constexpr unsigned bursts_per_window = 32;
constexpr unsigned ring_slots = 1024;
namespace tcp = net::tcp_flag;

double part_of(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(part * double(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

// The parts of a connection in mode syn, in their order.
struct Phase {
    flow::Side from;
    std::uint8_t flags;
};
constexpr std::array<Phase, 8> connection{{{flow::Side::client, tcp::syn},
                                           {flow::Side::server, tcp::syn | tcp::ack},
                                           {flow::Side::client, tcp::ack},
                                           {flow::Side::client, tcp::psh | tcp::ack},
                                           {flow::Side::server, tcp::psh | tcp::ack},
                                           {flow::Side::client, tcp::fin | tcp::ack},
                                           {flow::Side::server, tcp::fin | tcp::ack},
                                           {flow::Side::client, tcp::ack}}};

class Stage {
  public:
    explicit Stage(const StageOptions& options);
    ~Stage();

    void open_flows();
    // Cycles per packet of one window, with or without the worker in it.
    double window(bool with_worker);
    double burst_ns();
    double bytes_per_flow() const;
    std::uint64_t packets = 0;
    std::uint64_t lost = 0;

  private:
    void publish();
    exchange::Service make_service() const;
    exchange::Server make_server(std::uint16_t id) const;
    net::Bytes room(unsigned i);
    void set(unsigned i, std::size_t bytes);
    void write(unsigned i);
    void write_phase(unsigned i, const Phase& phase);
    void push(unsigned count);
    unsigned pull();
    void pass_by();
    [[gnu::noinline]] void measured_round();
    void open(std::uint32_t first, unsigned count);
    void run_phase(const Phase& phase, unsigned count);
    void drain_events();

    const StageOptions options_;
    std::uint64_t now_ns_ = port::now_ns();
    port::Mempool pool_ = port::make_mempool("stage", 4095);
    rte_ring* rx_ =
        rte_ring_create("stage_rx", ring_slots, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    rte_ring* tx_ =
        rte_ring_create("stage_tx", ring_slots, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    std::unique_ptr<port::Port> port_;
    port::PortTable ports_;
    exchange::Exchange exchange_{1};
    flow::Spread spread_{flow::Spread::key_of(5), 1};
    std::unique_ptr<datapath::Worker> worker_;
    std::unique_ptr<Traffic> traffic_;
    std::vector<ServerEnd> ends_;
    std::minstd_rand random_{1};
    std::array<rte_mbuf*, burst> idle_{};
    std::array<std::uint32_t, burst> flows_{};  // of the burst
    unsigned phase_ = 0;                        // in mode syn
};

std::uint32_t capacity_for(const StageOptions& options) {
    return options.flows + options.flows / 8 + 64;
}

Stage::Stage(const StageOptions& options) : options_(options) {
    if (rx_ == nullptr || tx_ == nullptr ||
        rte_eth_from_rings("stage", &rx_, 1, &tx_, 1, SOCKET_ID_ANY) < 0)
        throw std::runtime_error("no net_ring port");
    port_ = std::make_unique<port::Port>(port::PortOptions{
        .name = "stage", .device = "net_ring_stage", .workers = 1, .pool = pool_.get()});
    ports_.add(*port_);
    traffic_ =
        std::make_unique<Traffic>(options.mode, options.sides, options.frame_bytes, port_->mac());
    worker_ = std::make_unique<datapath::Worker>(
        exchange_, datapath::WorkerOptions{.id = 0,
                                           .ports = &ports_,
                                           .pool = pool_.get(),
                                           .flow_capacity = capacity_for(options),
                                           .idle_adaptive = false,
                                           .now_ns = now_ns_,
                                           .spread = &spread_,
                                           .secrets = {.hash_seed = {1, 2}, .isn_key = {3, 4}}});
    publish();
    exchange_.publisher.online(0);
    exchange_.ownership.set(0, true);
    exchange_.ownership.beat(now_ns_);
    if (rte_pktmbuf_alloc_bulk(pool_.get(), idle_.data(), burst) != 0)
        throw std::runtime_error("no mbufs");
}

Stage::~Stage() {
    for (rte_mbuf* mbuf : idle_)
        rte_pktmbuf_free(mbuf);
    exchange_.publisher.offline(0);
}

exchange::Server Stage::make_server(std::uint16_t id) const {
    exchange::Server server;
    server.address = server_of(options_.sides.servers, id);
    server.port = amqp;
    server.state = exchange::ServerState::up;
    server.reachable = true;
    server.next_hop = server_mac;
    server.link_source = port_->mac();
    server.weight = balance::weight_one;
    server.method = method_of(options_.mode);
    server.tunnel_source = local_of(options_.sides.servers, 0);
    return server;
}

// Enough servers and local addresses that no pair of them runs out of ports.
exchange::Service Stage::make_service() const {
    exchange::Service service;
    service.present = true;
    service.address = vip_of(options_.sides.clients);
    service.port = amqp;
    service.algorithm = balance::Algorithm::rr;
    for (std::uint16_t i = 0; i < local_count; ++i)
        service.local_addresses.push_back(local_of(options_.sides.servers, i));
    for (std::uint16_t id = 0; id < server_count; ++id)
        service.servers.push_back(id);
    return service;
}

void Stage::publish() {
    auto snapshot = std::make_unique<exchange::Snapshot>();
    snapshot->generation = 1;
    snapshot->virtual_routers = {{.vrid = 1, .port = 0, .lease_ns = UINT64_MAX}};
    for (const unsigned version : {4U, 6U}) {
        snapshot->addresses.push_back({.address = vip_of(version), .mac = port_->mac()});
        for (std::uint16_t i = 0; i < local_count; ++i)
            snapshot->addresses.push_back({.address = local_of(version, i), .mac = port_->mac()});
    }
    for (std::uint16_t id = 0; id < server_count; ++id)
        snapshot->servers.push_back(make_server(id));
    snapshot->services.push_back(make_service());
    snapshot->seal();
    exchange_.publisher.publish(std::move(snapshot));
}

net::Bytes Stage::room(unsigned i) {
    rte_mbuf& mbuf = *idle_[i];
    mbuf.data_off = RTE_PKTMBUF_HEADROOM;  // a tunnel's or another family's header moved it
    return {rte_pktmbuf_mtod(&mbuf, std::uint8_t*), std::size_t{mbuf.buf_len} - mbuf.data_off};
}

void Stage::set(unsigned i, std::size_t bytes) {
    constexpr std::uint64_t good = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    datapath::set_length(*idle_[i], bytes);
    idle_[i]->ol_flags = options_.verify ? 0 : good;
}

void Stage::write_phase(unsigned i, const Phase& phase) {
    const std::uint32_t flow = flows_[i];
    set(i, phase.from == flow::Side::client
               ? traffic_->from_client(room(i), flow, phase.flags)
               : traffic_->from_server(room(i), ends_[flow], phase.flags));
}

// One frame of the burst that is measured.
void Stage::write(unsigned i) {
    if (options_.mode == Mode::arp) return set(i, traffic_->arp_request(room(i), flows_[i]));
    if (options_.mode == Mode::echo) return set(i, traffic_->echo_request(room(i), flows_[i]));
    if (options_.mode == Mode::syn) return write_phase(i, connection[phase_]);
    const bool both = flow::sees_both_sides(method_of(options_.mode));
    const flow::Side from = both && i % 2 != 0 ? flow::Side::server : flow::Side::client;
    write_phase(i, {from, tcp::psh | tcp::ack});
}

void Stage::push(unsigned count) {
    rte_ring_sp_enqueue_bulk(rx_, reinterpret_cast<void**>(idle_.data()), count, nullptr);
}
unsigned Stage::pull() {
    return rte_ring_sc_dequeue_burst(tx_, reinterpret_cast<void**>(idle_.data()), burst, nullptr);
}
void Stage::pass_by() {
    std::array<void*, burst> frames;
    const unsigned count = rte_ring_sc_dequeue_burst(rx_, frames.data(), burst, nullptr);
    rte_ring_sp_enqueue_bulk(tx_, frames.data(), count, nullptr);
}

// A function of its own, so that tools can count what happens in it alone.
void Stage::measured_round() {
    worker_->poll_once(now_ns_);
}

void Stage::run_phase(const Phase& phase, unsigned count) {
    for (unsigned i = 0; i < count; ++i)
        write_phase(i, phase);
    push(count);
    worker_->poll_once(now_ns_);
    if (pull() != count) throw std::runtime_error("a flow did not open");
}

void Stage::drain_events() {
    exchange::FlowEvent event;
    while (exchange_.workers[0]->events.pop(event)) {
    }
}

// The handshake, as both ends make it.
void Stage::open(std::uint32_t first, unsigned count) {
    for (unsigned i = 0; i < count; ++i)
        flows_[i] = first + i;
    const bool both = flow::sees_both_sides(method_of(options_.mode));
    run_phase(connection[0], count);
    if (both)
        for (unsigned i = 0; i < count; ++i)
            ends_[first + i] = Traffic::end_of(
                {rte_pktmbuf_mtod(idle_[i], const std::uint8_t*), idle_[i]->data_len});
    if (both) run_phase(connection[1], count);
    run_phase(connection[2], count);
    drain_events();
}

void Stage::open_flows() {
    ends_.resize(options_.flows);
    if (!is_forwarding(options_.mode)) return;
    for (std::uint32_t flow = 0; flow < options_.flows; flow += burst)
        open(flow, std::min(burst, options_.flows - flow));
    if (options_.mode == Mode::syn) {  // they end, so that each may be opened again
        for (std::uint32_t flow = 0; flow < options_.flows; flow += burst) {
            const unsigned count = std::min(burst, options_.flows - flow);
            for (unsigned i = 0; i < count; ++i)
                flows_[i] = flow + i;
            for (unsigned phase = 3; phase < connection.size(); ++phase)
                run_phase(connection[phase], count);
            drain_events();
        }
    }
}

double Stage::window(bool with_worker) {
    if (options_.mode == Mode::syn) now_ns_ += 1U << flow::tick_shift;  // ageing is under way
    const std::uint64_t start = rte_rdtsc();
    std::uint64_t out = 0;
    for (unsigned round = 0; round < bursts_per_window; ++round) {
        phase_ = round % connection.size();
        if (options_.mode != Mode::syn || phase_ == 0) {
            const std::uint32_t first = static_cast<std::uint32_t>(random_()) % options_.flows;
            for (unsigned i = 0; i < burst; ++i)
                flows_[i] = options_.mode == Mode::syn
                                ? (first + i * 7) % options_.flows
                                : static_cast<std::uint32_t>(random_()) % options_.flows;
        }
        // What the generator would wait for must not count as the worker's.
        for (const std::uint32_t flow : flows_)
            __builtin_prefetch(&ends_[flow]);
        for (unsigned i = 0; i < burst; ++i)
            write(i);
        push(burst);
        if (with_worker)
            measured_round();
        else
            pass_by();
        out += pull();
        if (options_.mode != Mode::syn || phase_ != 0 || !with_worker) continue;
        for (unsigned i = 0; i < burst; ++i)
            ends_[flows_[i]] = Traffic::end_of(
                {rte_pktmbuf_mtod(idle_[i], const std::uint8_t*), idle_[i]->data_len});
    }
    const double cycles = double(rte_rdtsc() - start);
    drain_events();
    constexpr std::uint64_t sent = std::uint64_t{bursts_per_window} * burst;
    if (with_worker) packets += out;
    lost += sent - out;
    if (out != sent) throw std::runtime_error("a frame did not come out");
    return cycles / double(sent);
}

double Stage::burst_ns() {
    for (unsigned i = 0; i < burst; ++i) {
        flows_[i] = static_cast<std::uint32_t>(random_()) % options_.flows;
        write(i);
    }
    push(burst);
    const std::uint64_t start = rte_rdtsc();
    worker_->poll_once(now_ns_);
    const std::uint64_t end = rte_rdtsc();
    pull();
    return double(end - start) * 1e9 / double(rte_get_tsc_hz());
}

double Stage::bytes_per_flow() const {
    const flow::TableOptions table{.capacity = capacity_for(options_),
                                   .servers = exchange::max_servers,
                                   .services = exchange::max_services};
    const flow::TableOptions empty{.servers = table.servers, .services = table.services};
    return double(flow::FlowTable::bytes_for(table) - flow::FlowTable::bytes_for(empty)) /
           double(table.capacity);
}

bool is_enough(const StageOptions& options, std::size_t windows, std::uint64_t start) {
    if (options.windows != 0) return windows >= options.windows;
    constexpr std::size_t fewest = 200;
    return windows >= fewest &&
           double(rte_rdtsc() - start) > options.seconds * double(rte_get_tsc_hz());
}

}  // namespace

StageResult run_stage(const StageOptions& options) {
    constexpr std::size_t generator_every = 4;
    constexpr double decile = 0.1;
    Stage stage(options);
    stage.open_flows();
    std::vector<double> worker, generator;
    const std::uint64_t start = rte_rdtsc();
    while (!is_enough(options, worker.size(), start)) {
        if (worker.size() % generator_every == 0) generator.push_back(stage.window(false));
        worker.push_back(stage.window(true));
    }
    StageResult result{.packets = stage.packets, .lost = stage.lost};
    result.generator_cycles = part_of(generator, decile);
    result.quiet_cycles = part_of(worker, decile) - result.generator_cycles;
    result.cycles = part_of(worker, 0.5) - part_of(generator, 0.5);
    result.mpps = double(rte_get_tsc_hz()) / result.quiet_cycles / 1e6;
    result.bytes_per_flow = stage.bytes_per_flow();
    if (options.mode != Mode::syn && options.windows == 0) {
        std::vector<double> bursts(10'000);
        for (double& ns : bursts)
            ns = stage.burst_ns();
        result.latency_ns = {part_of(bursts, 0.5), part_of(bursts, 0.99), part_of(bursts, 0.999)};
    }
    return result;
}

}  // namespace warren::bench
