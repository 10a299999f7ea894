// SPDX-License-Identifier: BSD-3-Clause
// A pool of nodes that slow down with load, fill their memory, die and come back, under clients
// whose connections last; wlc with lib/balance's own factors, slow start and damping. One step is a
// second.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "balance/flap_damping.h"
#include "balance/health_factor.h"
#include "balance/scheduler.h"
#include "random.h"

namespace warren::sim {

// What is wrong with a node for some time.
struct Fault {
    enum class Kind : std::uint8_t { slow, memory, down };
    Kind kind = Kind::slow;
    std::size_t node = 0;
    unsigned from_s = 0, to_s = 0;
    double strength = 1;  // slow: times the latency; memory: share of the watermark at the end
};

struct Node {
    bool up = true;
    std::uint64_t up_since_s = 0;  // 0: from the start
    balance::FlapDamping damping{};
    std::uint32_t flows = 0;
    double latency_us = 0;
    double memory = 0;
    std::uint32_t factor = balance::factor_one;
    std::uint32_t admitted = 0;  // in this second
};

class PoolWorld {
  public:
    static constexpr unsigned arrivals_per_s = 20;
    static constexpr unsigned lifetime_s = 60;  // mean
    static constexpr unsigned slow_start_s = 30;

    PoolWorld(std::size_t nodes, std::uint64_t seed);

    std::vector<Fault> faults;

    void step();
    unsigned now_s() const { return now_s_; }
    const std::vector<Node>& nodes() const { return nodes_; }
    std::size_t up() const;
    std::uint32_t flows() const;

  private:
    void follow_faults();
    void fall(std::size_t node);
    void come_back(std::size_t node);
    void end_flows();
    void admit();
    void measure();
    bool is_faulty(std::size_t node, Fault::Kind kind, double& strength) const;

    Random random_;
    std::vector<Node> nodes_;
    balance::PoolFactors factors_;
    balance::Scheduler scheduler_{balance::Algorithm::wlc};
    unsigned now_s_ = 0;
    unsigned waiting_ = 0;  // clients of a node that died, who come back at once
};

}  // namespace warren::sim
