// SPDX-License-Identifier: BSD-3-Clause
// Effective weight = weight x health factor. A server's factor says how quick it is compared with
// its pool: from the latency of its checks and from the time between SYN and SYN-ACK of real flows.
// Fixed point, 256 = 1.0. Bounded [0.1 .. 1.0], moves at most 1/32 per update, and differences that
// mean nothing (below half a millisecond, or less than half as slow again as the pool's median)
// change nothing, so that equal servers stay equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace warren::balance {

inline constexpr std::uint32_t factor_one = 256;
inline constexpr std::uint32_t factor_min = 26;  // 0.1: a slow server still gets some flows

struct FactorRules {
    double smoothing = 0.125;          // share of a new sample in the mean (EWMA)
    double floor_us = 500;             // quicker than this is all the same
    double dead_band = 1.5;            // up to so many times the median is still 1.0
    std::uint32_t step_max = 8;        // change of a factor per update, in 1/256
    std::uint32_t stale_updates = 60;  // a signal without samples for so long is forgotten
};

// The factors of one pool (one virtual_server). Call update() at a steady pace, about once a
// second.
class PoolFactors {
  public:
    explicit PoolFactors(std::size_t servers, const FactorRules& rules = {});

    void check_latency(std::size_t server, double us) { add(servers_[server].check, us); }
    // SYN to SYN-ACK; may be a mean over some flows.
    void handshake(std::size_t server, double us) { add(servers_[server].handshake, us); }
    // The server went down or came back: what was measured before says nothing now.
    void forget(std::size_t server) { servers_[server] = {}; }

    // Our server is that one of another pool: what was measured of it holds on.
    void continue_from(std::size_t server, const PoolFactors& old, std::size_t old_server) {
        servers_[server] = old.servers_[old_server];
    }

    void update();
    std::uint32_t factor(std::size_t server) const { return servers_[server].factor; }

  private:
    struct Signal {
        double mean_us = 0;
        std::uint32_t age = 0;  // updates since the last sample
        bool known = false;
    };
    struct Server {
        Signal check;
        Signal handshake;
        std::uint32_t factor = factor_one;
    };

    void add(Signal& signal, double us) const;
    void grow_older(Signal& signal) const;
    double median(Signal Server::*signal) const;
    double target(const Signal& signal, double median_us) const;

    FactorRules rules_;
    std::vector<Server> servers_;
};

// keepalived's weight (0 .. 65535) to a scheduler's: 0 stays 0, nothing else becomes 0.
std::uint32_t effective_weight(std::uint32_t weight, std::uint32_t factor);

}  // namespace warren::balance
