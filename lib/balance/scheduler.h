// SPDX-License-Identifier: BSD-3-Clause
// Schedulers (lb_algo): which server gets a new flow. Deterministic functions of the candidates and
// a small state per service; each worker has its own and starts at another offset, so that workers
// do not all begin with the same server.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace warren::balance {

enum class Algorithm : std::uint8_t {
    rr,   // in turn, whatever the weights
    wrr,  // in turn, as often as the weight says, spread out
    wlc,  // the fewest live flows per weight
};

// Effective weights are fixed point: 256 is keepalived's weight 1.
inline constexpr std::uint32_t weight_one = 256;

struct Candidate {
    std::uint16_t server_id = 0;
    std::uint32_t weight = 0;  // effective; 0 = gets no new flow
    std::uint32_t active_flows = 0;
};

// The configuration refuses a service with more servers; pick() never sees those beyond.
inline constexpr std::size_t candidates_max = 256;

class Scheduler {
  public:
    Scheduler() = default;
    explicit Scheduler(Algorithm algorithm, std::uint32_t offset = 0)
        : algorithm_(algorithm), next_(offset), warm_up_(offset) {}

    // Index of the chosen candidate; none if all weights are 0. The state goes by position: keep
    // the order from call to call, and begin with a new Scheduler when servers come or go. A
    // candidate that must be passed over once (it just refused this SYN) is given weight 0 for that
    // call.
    std::optional<std::size_t> pick(std::span<const Candidate> candidates);

  private:
    std::optional<std::size_t> round_robin(std::span<const Candidate> candidates);
    std::optional<std::size_t> weighted_round_robin(std::span<const Candidate> candidates);
    std::optional<std::size_t> least_connections(std::span<const Candidate> candidates);

    Algorithm algorithm_ = Algorithm::rr;
    std::uint32_t next_ = 0;     // rr: whose turn; wlc: who wins ties
    std::uint32_t warm_up_ = 0;  // wrr: turns to skip at first
    std::array<std::int64_t, candidates_max> credit_{};
};

}  // namespace warren::balance
