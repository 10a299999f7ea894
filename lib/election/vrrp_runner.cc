// SPDX-License-Identifier: BSD-3-Clause
#include "election/vrrp_runner.h"

#include <pthread.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "port/clock.h"
#include "port/thread.h"

namespace warren::election {
namespace {

constexpr unsigned most_commands = 64;   // per round
constexpr unsigned punt_capacity = 256;  // of the largest ring: one round takes all it holds
constexpr std::uint64_t ns_per_s = 1'000'000'000;

// 0, or why the scheduler refused.
int set_priority(int priority) {
    sched_param param{};
    param.sched_priority = priority;
    return pthread_setschedparam(pthread_self(), priority == 0 ? SCHED_OTHER : SCHED_FIFO, &param);
}

// net_tap has the kernel send the process a signal for every frame. Here it would end the sleep
// that others are owed.
void leave_signals_to_others() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void sleep_until(std::uint64_t when_ns) {
    const timespec when{static_cast<time_t>(when_ns / ns_per_s),
                        static_cast<long>(when_ns % ns_per_s)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr);
}

}  // namespace

VrrpRunner::Sink::Sink(exchange::Exchange& exchange, VrrpCounters& counters,
                       const RunnerOptions& options)
    : exchange_(exchange), counters_(counters), ports_(*options.ports), pool_(options.pool) {}

rte_mbuf* VrrpRunner::Sink::make(std::uint8_t port, net::ConstBytes frame) {
    rte_mbuf* packet = rte_pktmbuf_alloc(pool_);
    if (packet == nullptr) return nullptr;
    char* data = rte_pktmbuf_append(packet, static_cast<std::uint16_t>(frame.size()));
    if (data == nullptr) {
        rte_pktmbuf_free(packet);
        return nullptr;
    }
    std::memcpy(data, frame.data(), frame.size());
    packet->port = port;  // as on all our rings: the snapshot's index
    return packet;
}

bool VrrpRunner::Sink::send(std::uint8_t port, net::ConstBytes frame) {
    counters_.tried[port].add();
    rte_mbuf* packet = make(port, frame);
    if (packet == nullptr) return false;
    port::Port& out = ports_[port];
    const bool sent = out.has_control_queue() ? out.tx_burst(out.control_queue(), &packet, 1) == 1
                                              : exchange_.workers[0]->control_tx.push(packet);
    if (sent && !out.has_control_queue()) exchange_.workers[0]->doorbell.ring_if_asleep();
    if (sent)
        counters_.taken[port].add();
    else
        rte_pktmbuf_free(packet);
    return sent;
}

VrrpRunner::VrrpRunner(exchange::Exchange& exchange, VrrpLink& link,
                       const std::vector<const RouterPlan*>& plans, const RunnerOptions& options)
    : exchange_(exchange),
      link_(link),
      options_(options),
      sink_(exchange, link.counters, options),
      engine_(plans, port::now_ns() + options.startup_delay_ns, exchange.ownership, link, sink_),
      reader_(static_cast<unsigned>(exchange.workers.size())) {}

void VrrpRunner::run() {
    leave_signals_to_others();
    port::keep_this_thread_prompt(-20);
    schedule(options_.priority);
    while (!exchange_.stop.load(std::memory_order_relaxed)) {
        exchange_.publisher.online(reader_);
        const std::uint64_t now_ns = port::now_ns();
        poll_once(now_ns);
        exchange_.publisher.offline(reader_);
        sleep(now_ns);
    }
}

void VrrpRunner::schedule(int priority) {
    link_.counters.scheduling_errno.set(static_cast<std::uint64_t>(set_priority(priority)));
}

void VrrpRunner::poll_once(std::uint64_t now_ns) {
    link_.counters.rounds.add();
    exchange_.ownership.beat(now_ns);
    // In this order: what the workers had punted by rx_seen_ns_ is received below.
    for (std::size_t port = 0; port < port_count_; ++port)
        rx_seen_ns_[port] = exchange_.seen_ns(port);
    const Round round{exchange_.publisher.acquire(), now_ns, rx_seen_ns_, exchange_.polled_ns(),
                      exchange_.workers};
    follow_ports(round.snapshot);
    receive(round);
    VrrpCommand command;
    for (unsigned i = 0; i < most_commands && link_.commands.pop(command); ++i)
        on_command(command, round);
    engine_.tick(round);
}

void VrrpRunner::on_command(const VrrpCommand& command, const Round& round) {
    if (command.kind == VrrpCommand::Kind::scheduling)
        schedule(command.priority);
    else
        engine_.on_command(command, round);
}

// More ports, or a shared interface that was made anew. One that is gone again has no use for
// adverts.
void VrrpRunner::follow_ports(const exchange::Snapshot& snapshot) {
    if (ports_generation_ == snapshot.generation) return;
    ports_generation_ = snapshot.generation;
    const std::vector<int>& indexes = snapshot.port_ifindexes;
    port_count_ = indexes.size();
    for (std::size_t i = 0; i < indexes.size(); ++i) {
        port::Port& port = (*options_.ports)[i];
        if (indexes[i] != 0 && port.has_control_queue())
            port.reopen(port.control_queue(), indexes[i]);
    }
}

void VrrpRunner::receive(const Round& round) {
    for (auto& worker : exchange_.workers)
        receive(worker->adverts, round);
    for (auto& worker : exchange_.workers)
        receive(worker->claims, round);
}

void VrrpRunner::receive(exchange::MbufRing& ring, const Round& round) {
    std::array<rte_mbuf*, punt_capacity> packets;
    const unsigned count = ring.pop(packets.data(), packets.size());
    for (unsigned i = 0; i < count; ++i) {
        const rte_mbuf* packet = packets[i];
        engine_.on_frame(
            static_cast<std::uint8_t>(packet->port),
            {rte_pktmbuf_mtod(packet, const std::uint8_t*), rte_pktmbuf_data_len(packet)}, round);
        rte_pktmbuf_free(packets[i]);
    }
}

void VrrpRunner::sleep(std::uint64_t now_ns) {
    const std::uint64_t until_ns = wake_time(now_ns, port::now_ns(), engine_.deadline_ns());
    sleep_until(until_ns);
    const std::uint64_t over_ns = port::now_ns() - until_ns;
    if (over_ns > late_ns) link_.counters.late_wakes.add();
    if (over_ns > link_.counters.longest_oversleep_ns.value())
        link_.counters.longest_oversleep_ns.set(over_ns);
}

}  // namespace warren::election
