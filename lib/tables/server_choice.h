// SPDX-License-Identifier: BSD-3-Clause
// Which server a new flow goes to, as one worker decides it: by the service's scheduler, over the
// servers that can take a flow now.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <vector>

#include "balance/scheduler.h"
#include "exchange/poll_round.h"
#include "exchange/worker_link.h"
#include "flow/persistence.h"
#include "flow/table.h"

namespace warren::tables {

using exchange::PollRound;

class ServerChoice {
  public:
    static constexpr std::uint16_t no_server = 0xffff;
    static constexpr std::uint32_t persistence_slots = 65'536;  // 49,152 groups a worker

    ServerChoice(unsigned worker, const flow::FlowTable& table, const flow::TupleHash& hash,
                 exchange::Exchange& exchange, std::pmr::memory_resource& memory);

    // Looks at the flow's service and client. no_server: none is up, reachable, of weight above 0,
    // below its FlowLimit and not excluded. N workers that choose in the same instant may exceed a
    // limit by N - 1 flows. In a persistent service the server of the client's group, if it takes
    // new flows; its limit does not count then, as in IPVS.
    std::uint16_t choose(const flow::Flow& flow, const PollRound& round,
                         std::span<const std::uint16_t> excluded = {});

    // What choose() would say, without taking anybody's turn.
    struct Preview {
        std::uint16_t server = no_server;
        bool is_kept = false;
    };
    Preview preview(const flow::Flow& flow, const PollRound& round) const;

    // In a persistent service the next flows of the group follow this one to its server. Call it
    // again when the flow moves. If the table is full they are scheduled freely.
    void keep(flow::Flow& flow, const PollRound& round);
    // The flow has opened.
    void confirm(const flow::Flow& flow, const PollRound& round);
    // The flow has ended.
    void let_go(const flow::Flow& flow, const PollRound& round);

    // A chore, bounded.
    void forget_expired(flow::Tick now);

    // Persistence entries without flows, for flow sync.
    const flow::Persistence& persistence() const { return persistence_; }
    // The peer's, of a service of ours. A master takes only what it does not have.
    void remember(const flow::Persistence::Left& entry, const PollRound& round);

  private:
    using Candidates = std::array<balance::Candidate, balance::candidates_max>;
    // A scheduler's state goes by the position of its servers: other servers, another scheduler.
    struct ServiceScheduler {
        balance::Scheduler scheduler;
        balance::Algorithm algorithm = balance::Algorithm::rr;
        std::size_t count = 0;
        // As the snapshot says, which is asked when there is another one; loads are of each choice.
        Candidates candidates{};
        const exchange::Snapshot* snapshot = nullptr;
        std::uint64_t generation = 0;
        bool has_limits = false;  // then it must be asked for each flow

        bool follows(const exchange::Snapshot& now) const {
            return snapshot == &now && generation == now.generation;
        }
        bool is_for(const exchange::Service& service, const Candidates& now, std::size_t n) const;
    };

    std::uint16_t schedule(ServiceScheduler& current, const flow::Flow& flow,
                           const PollRound& round, std::span<const std::uint16_t> excluded) const;
    std::optional<std::uint16_t> kept_server(const flow::Flow& flow, const PollRound& round) const;
    void follow(ServiceScheduler& current, const exchange::Service& service,
                const exchange::Snapshot& snapshot) const;
    void count_loads(ServiceScheduler& current) const;
    void pass_over(Candidates& candidates, std::size_t count, const exchange::Snapshot& snapshot,
                   std::span<const std::uint16_t> excluded) const;

    const unsigned worker_;
    const flow::FlowTable& table_;
    exchange::Exchange& exchange_;
    std::vector<ServiceScheduler> schedulers_;  // of each service index
    flow::Persistence persistence_;
    flow::Tick swept_ = 0;
};

}  // namespace warren::tables
