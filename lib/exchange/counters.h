// SPDX-License-Identifier: BSD-3-Clause
// Counters with one writer each and any number of readers. A worker adds with a plain load and a
// relaxed store, never a locked instruction; the manager sums the workers' blocks when asked.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warren::exchange {

class Counter {
  public:
    [[gnu::always_inline]] void add(std::uint64_t n = 1) { set(value() + n); }
    void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

// Why a frame was dropped: each reason is one counter, each dropped frame has exactly one reason.
enum class Drop : std::uint8_t {
    malformed_ethernet,  // shorter than its headers
    malformed_arp,
    malformed_ip,  // version, header length or total length
    bad_ip_checksum,
    malformed_tcp,
    bad_tcp_checksum,
    malformed_icmp,
    malformed_neighbour,   // NS or NA that RFC 4861 7.1 says to discard
    bad_extension_header,  // truncated, too many, or a route that does not end here
    bad_icmp_checksum,
    fragment,      // a fragment to an owned address that is none of an echo request
    not_owned,     // to a VIP while another warren is master
    not_accepted,  // to an address that serves virtual_servers only (no_accept)
    own_source,    // from an address of ours, which is nobody else's to send from (land)
    ttl_expired,
    settling,      // of no flow, just after a takeover: the peer may still say whose it is
    no_flow,       // a RST of nobody, none is answered; or by configuration any segment of nobody
    no_server,     // (refusal) no real_server takes new flows
    no_neighbour,  // next hop of the server not resolved
    flow_table_full,
    no_local_port,
    dead_flow,            // a stub has answered its three RSTs
    refused_elsewhere,    // a RST or ICMP error to a SYN that another server has got instead
    too_big,              // for the link it must leave by, and its sender has had enough errors
    icmp_unmatched,       // an ICMP error about no flow of ours, or one that quotes too little
    unexpected_protocol,  // to an owned address: neither TCP, ICMP echo nor VRRP
    punt_full,
    handoff_full,
    no_mbuf,  // a frame of ours could not be made
    tx_full,
    count_,
};

inline constexpr std::size_t drop_count = static_cast<std::size_t>(Drop::count_);

inline constexpr std::array<std::string_view, drop_count> drop_names{"malformed_ethernet",
                                                                     "malformed_arp",
                                                                     "malformed_ip",
                                                                     "bad_ip_checksum",
                                                                     "malformed_tcp",
                                                                     "bad_tcp_checksum",
                                                                     "malformed_icmp",
                                                                     "malformed_neighbour",
                                                                     "bad_extension_header",
                                                                     "bad_icmp_checksum",
                                                                     "fragment",
                                                                     "not_owned",
                                                                     "not_accepted",
                                                                     "own_source",
                                                                     "ttl_expired",
                                                                     "settling",
                                                                     "no_flow",
                                                                     "no_server",
                                                                     "no_neighbour",
                                                                     "flow_table_full",
                                                                     "no_local_port",
                                                                     "dead_flow",
                                                                     "refused_elsewhere",
                                                                     "too_big",
                                                                     "icmp_unmatched",
                                                                     "unexpected_protocol",
                                                                     "punt_full",
                                                                     "handoff_full",
                                                                     "no_mbuf",
                                                                     "tx_full"};

static_assert(!drop_names.back().empty(), "a reason without a name");

constexpr std::string_view name_of(Drop reason) {
    return drop_names[static_cast<std::size_t>(reason)];
}

// A counter of a block of counters, as `show counters` calls it.
template <typename Block>
struct CounterName {
    std::string_view name;
    Counter Block::*counter;
};

// One worker's counters. The law that tests assert:
// rx + handoff_in + control_tx + generated = tx + kernel + punt + handoff_out + sum(drops).
struct alignas(64) WorkerCounters {
    Counter rx, rx_bytes;  // frames taken from the ports
    Counter tx, tx_bytes;  // frames the ports accepted
    Counter kernel;        // left to the kernel (shared port) or passed to the kernel port
    Counter punt;          // given to the control lcore
    Counter control_tx;    // frames of the control lcore that this worker took to send
    Counter handoff_in, handoff_out;
    Counter generated;  // frames made here: RST, SYN, keepalive probes
    Counter arp_replies, neighbour_replies, echo_replies, resets_sent;
    Counter icmp_errors_sent, icmp_errors_relayed;
    Counter flows_admitted, flows_ended, flows_reset;
    Counter half_open_recycled;         // their clients never answered, others needed the room
    Counter clients_moved;              // flows whose client or its gateway has another MAC now
    Counter persistence_full;           // flows whose client's server could not be remembered
    Counter probes_sent;                // keepalive: to long idle flows, and a refusing server
    Counter syns_replayed;              // sent to another server
    Counter syns_after_clear;           // sent again after an old connection was reset
    Counter proxy_headers;              // sent to servers, again ones too
    Counter ports_spilled;              // local ports beyond this machine's share
    Counter signposted;                 // of handoff_out: the flow is not where its hash says
    Counter rss_agreed, rss_disagreed;  // the card's hash of a frame whose flow was not here
    Counter polls, idle_sleeps, busy_ns;
    std::array<Counter, drop_count> drops;
    // Segments answered with RST, by the same reasons: they are sent, so they are not drops.
    std::array<Counter, drop_count> refusals;

    Counter& refusal(Drop reason) { return refusals[static_cast<std::size_t>(reason)]; }
    Counter& drop(Drop reason) { return drops[static_cast<std::size_t>(reason)]; }
};

inline constexpr auto worker_counters = std::to_array<CounterName<WorkerCounters>>({
    {"rx", &WorkerCounters::rx},
    {"rx_bytes", &WorkerCounters::rx_bytes},
    {"tx", &WorkerCounters::tx},
    {"tx_bytes", &WorkerCounters::tx_bytes},
    {"kernel", &WorkerCounters::kernel},
    {"punt", &WorkerCounters::punt},
    {"control_tx", &WorkerCounters::control_tx},
    {"handoff_in", &WorkerCounters::handoff_in},
    {"handoff_out", &WorkerCounters::handoff_out},
    {"generated", &WorkerCounters::generated},
    {"arp_replies", &WorkerCounters::arp_replies},
    {"neighbour_replies", &WorkerCounters::neighbour_replies},
    {"echo_replies", &WorkerCounters::echo_replies},
    {"resets_sent", &WorkerCounters::resets_sent},
    {"icmp_errors_sent", &WorkerCounters::icmp_errors_sent},
    {"icmp_errors_relayed", &WorkerCounters::icmp_errors_relayed},
    {"flows_admitted", &WorkerCounters::flows_admitted},
    {"flows_ended", &WorkerCounters::flows_ended},
    {"flows_reset", &WorkerCounters::flows_reset},
    {"half_open_recycled", &WorkerCounters::half_open_recycled},
    {"clients_moved", &WorkerCounters::clients_moved},
    {"persistence_full", &WorkerCounters::persistence_full},
    {"probes_sent", &WorkerCounters::probes_sent},
    {"syns_replayed", &WorkerCounters::syns_replayed},
    {"syns_after_clear", &WorkerCounters::syns_after_clear},
    {"proxy_headers", &WorkerCounters::proxy_headers},
    {"ports_spilled", &WorkerCounters::ports_spilled},
    {"signposted", &WorkerCounters::signposted},
    {"rss_agreed", &WorkerCounters::rss_agreed},
    {"rss_disagreed", &WorkerCounters::rss_disagreed},
    {"polls", &WorkerCounters::polls},
    {"idle_sleeps", &WorkerCounters::idle_sleeps},
    {"busy_ns", &WorkerCounters::busy_ns},
});
static_assert(worker_counters.size() * sizeof(Counter) == offsetof(WorkerCounters, drops),
              "each counter of a worker needs its name in worker_counters");

// What one worker counted for one real_server.
struct ServerCounters {
    Counter connections;                 // flows admitted since start
    Counter active;                      // flows now
    Counter open;                        // of them, those that neither end has closed
    Counter to_server, to_server_bytes;  // forwarded frames
    Counter to_client, to_client_bytes;
    Counter refused;   // SYN answered by RST
    Counter repeated;  // segments with data that the server had been sent before
};

// What one worker counted of clients of one virtual_server that got RST from us.
struct ServiceCounters {
    Counter strays;  // their segment was of no flow
    Counter no_server, no_port, table_full;
};

}  // namespace warren::exchange
