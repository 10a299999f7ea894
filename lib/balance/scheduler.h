// SPDX-License-Identifier: BSD-3-Clause
// Schedulers (lb_algo, semantics of IPVS): which server gets a new flow. Deterministic functions of
// the candidates and a small state per service; each worker has its own and starts at another
// offset, so that workers do not all begin with the same server. sh and mh are in slot_table.h.
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
    lc,   // the fewest live flows, whatever the weights
    wlc,  // the fewest live flows per weight; ties as wrr
    sed,  // shortest expected delay: the fewest per weight, this flow included
    nq,   // never queue: a server without flows, else as sed
    fo,   // failover: all to the greatest weight
    sh,   // source hash: by the client's address
    mh,   // Maglev hash: the same, and few clients move when servers come or go
};

// Effective weights are fixed point: 256 is keepalived's weight 1.
inline constexpr std::uint32_t weight_one = 256;

// Without defaults: a choice among a few must not begin with zeros for candidates_max.
struct Candidate {
    std::uint16_t server_id;
    std::uint32_t weight;        // effective; 0 = gets no new flow
    std::uint32_t active_flows;  // neither end has closed yet
};

// The configuration refuses a service with more servers; pick() never sees those beyond.
inline constexpr std::size_t candidates_max = 256;

class Scheduler {
  public:
    Scheduler() = default;
    explicit Scheduler(Algorithm algorithm, std::uint32_t offset = 0)
        : algorithm_(algorithm), next_(offset), warm_up_(offset) {}

    // Whether pick() looks at Candidate::active_flows.
    bool goes_by_load() const { return algorithm_ >= Algorithm::lc && algorithm_ <= Algorithm::nq; }
    // Index of the chosen candidate; none if all weights are 0, and for sh and mh. The state goes
    // by position: keep the order from call to call, and begin with a new Scheduler when servers
    // come or go. A candidate that must be passed over once (it just refused this SYN) is given
    // weight 0 for that call.
    std::optional<std::size_t> pick(std::span<const Candidate> candidates);

  private:
    std::optional<std::size_t> round_robin(std::span<const Candidate> candidates);
    std::optional<std::size_t> weighted_round_robin(std::span<const Candidate> candidates);
    std::optional<std::size_t> least_loaded(std::span<const Candidate> candidates);
    std::int64_t turn_of(std::size_t candidate) const;
    static std::optional<std::size_t> failover(std::span<const Candidate> candidates);

    Algorithm algorithm_ = Algorithm::rr;
    std::uint32_t next_ = 0;     // rr: whose turn; lc, wlc, sed, nq: who wins ties
    std::uint32_t warm_up_ = 0;  // wrr: turns to skip at first
    std::int64_t now_ = 0;       // wlc: when the last turn began
    std::array<std::int64_t, candidates_max> credit_{};  // wrr: credits; wlc: each one's next turn
};

}  // namespace warren::balance
