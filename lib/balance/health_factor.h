// SPDX-License-Identifier: BSD-3-Clause
// Effective weight = weight x product of named factors. Each says how fit a server is in one
// respect, compared with its pool or with its own limits. Fixed point, 256 = 1.0. Each is bounded
// [0.1 .. 1.0] and moves at most 1/32 per update (slow start goes by the clock alone), and
// differences that mean nothing change nothing, so that equal servers stay equal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace warren::balance {

inline constexpr std::uint32_t factor_one = 256;
inline constexpr std::uint32_t factor_min = 26;  // 0.1: a slow server still gets some flows
// Of the product: 1/32.
inline constexpr std::uint32_t product_min = 8;

enum class Factor : std::uint8_t {
    handshake,    // the worse of check latency and SYN to SYN-ACK, against the pool's median
    confirm,      // publish to confirm, against the pool's median
    memory,       // used, of the watermark
    syns,         // SYNs that nobody answered
    stalls,       // segments that had to be sent to the server again
    connections,  // the node's own, against its share of the pool's and its limit
    checks,       // it answers clients and no check
    slow_start,   // time since it came up
    count_,
};

inline constexpr std::size_t factor_count = static_cast<std::size_t>(Factor::count_);
inline constexpr std::array<std::string_view, factor_count> factor_names{
    "handshake", "confirm", "memory", "syns", "stalls", "connections", "checks", "slow_start"};
static_assert(!factor_names.back().empty(), "a factor without a name");

using Factors = std::array<std::uint32_t, factor_count>;

// In product_min .. factor_one.
std::uint32_t product(const Factors& factors);

// Latencies, each compared with the pool's.
enum class Latency : std::uint8_t { check, handshake, confirm, count_ };

// What else is known of a server. Absent: not known, which changes nothing.
struct Load {
    std::optional<double> memory{};       // share of the watermark
    std::optional<double> connections{};  // how many the node has, ours and others'
    std::optional<double> fill{};         // share of its limit of connections or descriptors
    std::uint32_t weight = 1;             // its share of connections goes by that
    bool is_busy = false;                 // too busy to answer its checks
    // Since the last update.
    std::uint64_t syns = 0, unanswered = 0;
    std::uint64_t segments = 0, repeated = 0;
};

struct FactorRules {
    double smoothing = 0.125;          // share of a new sample in the mean (EWMA)
    double floor_us = 500;             // quicker than this is all the same
    double dead_band = 1.5;            // up to so many times the median is still 1.0
    std::uint32_t step_max = 8;        // change of a factor per update, in 1/256
    std::uint32_t stale_updates = 60;  // a signal without samples for so long is forgotten
    double memory_from = 0.6;          // of the watermark: 1.0 up to there, 0.1 at the watermark
    double fill_from = 0.8;            // of a limit: the same
    double losses_from = 0.02;         // up to so many unanswered or repeated are still 1.0
    double losses_to = 0.5;            // from here on 0.1
    double losses_prior = 8;           // good ones taken for granted: two or three say little
    double losses_memory = 0.8;        // of what was counted that is kept per update
    double crowd_from = 1.25;          // times the fair share of connections: 1.0 up to there
};

// The factors of one pool (one virtual_server). Call update() at a steady pace, about once a
// second.
class PoolFactors {
  public:
    explicit PoolFactors(std::size_t servers, const FactorRules& rules = {});

    // May be a mean over some samples. One that is slow between quicker ones (a first packet's
    // ARP, a busy moment of ours) says nothing: the quicker of two in a row counts.
    void latency(std::size_t server, Latency what, double us);
    void load(std::size_t server, const Load& load);
    // From slow_start_factor().
    void slow_start(std::size_t server, std::uint32_t factor) {
        servers_[server].factors[static_cast<std::size_t>(Factor::slow_start)] = factor;
    }
    // The server went down or came back: what was measured before says nothing now.
    void forget(std::size_t server) { servers_[server] = {}; }

    // Our server is that one of another pool: what was measured of it holds on.
    void continue_from(std::size_t server, const PoolFactors& old, std::size_t old_server) {
        servers_[server] = old.servers_[old_server];
    }

    void update();
    const Factors& factors(std::size_t server) const { return servers_[server].factors; }
    std::uint32_t factor(std::size_t server) const { return product(factors(server)); }

  private:
    struct Signal {
        double mean_us = 0, last_us = 0;
        std::uint32_t age = 0;      // updates since the last sample
        std::uint32_t samples = 0;  // no more are counted than are needed
        bool is_known() const { return samples == 2; }
    };
    // Counts that fade.
    struct Losses {
        double all = 0, lost = 0;
    };
    struct Server {
        Server() { factors.fill(factor_one); }
        std::array<Signal, static_cast<std::size_t>(Latency::count_)> signals;
        Losses syns, segments;
        Load load;
        Factors factors;
    };

    void grow_older(Signal& signal) const;
    double median(Latency what) const;
    double slowness(const Server& server, Latency what, double median_us) const;
    double of_losses(const Losses& losses) const;
    double of_connections(const Server& server, double per_weight) const;
    double connections_per_weight() const;
    static double due_weight(const Server& server);
    void add(Losses& losses, std::uint64_t all, std::uint64_t lost) const;
    std::uint32_t approach(std::uint32_t factor, double target) const;

    FactorRules rules_;
    std::vector<Server> servers_;
};

// Linear in time from 0.1 on; 1.0 when `slow_start_ms` have passed, or with 0.
std::uint32_t slow_start_factor(std::uint64_t up_for_ms, std::uint64_t slow_start_ms);

// keepalived's weight (0 .. 65535) to a scheduler's: 0 stays 0, nothing else becomes 0.
std::uint32_t effective_weight(std::uint32_t weight, std::uint32_t factor);

}  // namespace warren::balance
