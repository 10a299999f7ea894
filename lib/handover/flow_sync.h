// SPDX-License-Identifier: BSD-3-Clause
// The manager's side of flow sync: takes what the sync thread says, decides who preempts, hands
// over and takes over, and tells the operator. Without a flow_sync it only knows priority 0.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "exchange/sync_reports.h"
#include "handover/incoming.h"
#include "handover/outgoing.h"
#include "handover/outputs.h"
#include "handover/preempt_holds.h"
#include "handover/request.h"
#include "handover/sync_picture.h"
#include "journal/event_log.h"
#include "model/reload_records.h"
#include "model/state.h"

namespace warren::handover {

class FlowSync {
  public:
    using Reply = std::function<void(const std::vector<Row>&)>;
    // A peer that has not been heard for so long after the start is missed.
    static constexpr std::uint64_t first_patience_ns = 5'000'000'000;
    // The sync thread says how it is four times a second.
    static constexpr std::uint64_t thread_patience_ns = 10'000'000'000;

    FlowSync(model::State& state, journal::EventLog& events, exchange::SyncReports& channels,
             std::function<void(const election::VrrpCommand&)> vrrp, std::uint64_t now_ns);

    // The control lcore has not begun, or has been told of a reload: no router preempts before its
    // flows are known here.
    void start();
    void follow(const std::vector<std::uint16_t>& added, const std::vector<std::uint16_t>& removed);

    // What the sync thread has said since, and what is late.
    void look(std::uint64_t now_ns);
    void on_transition(const election::VrrpReport& report, std::uint64_t now_ns);

    // Answers at once or when all of it has ended, no later than OutgoingHandOvers::offer_ns.
    void execute(const Request& request, const Reply& reply, std::uint64_t now_ns);
    // Hands over what it can; `done` comes when none is under way any more. False: nothing can be.
    bool leave(std::function<void()> done, std::uint64_t now_ns);

    // Something is under way that the next look() may bring on.
    bool is_busy() const { return !outgoing_.is_idle() || !incoming_.is_idle(); }
    const SyncPicture& picture() const { return picture_; }

  private:
    struct Asked {
        std::vector<std::uint16_t> waits;
        std::vector<Row> rows;
        Reply reply;
    };

    void take(const exchange::SyncStatus& status, std::uint64_t now_ns);
    void take(const exchange::SyncReport& report, std::uint64_t now_ns);
    void take_alarm(const exchange::SyncReport& report, std::uint64_t now_ns);
    void take_over(std::uint16_t index, std::uint64_t now_ns);
    void release(const exchange::SyncReport& report, std::uint64_t now_ns);
    void watch(std::uint64_t now_ns);
    void set_trouble(Trouble trouble, bool stands, std::uint16_t router, std::uint64_t missing,
                     std::uint64_t now_ns);
    void on_given(const OutgoingHandOvers::Ended& ended);
    void set_return(std::uint16_t router, const Request& request, std::uint64_t now_ns);
    void bring_back(std::uint64_t now_ns);
    std::string how_long(std::uint16_t router) const;

    std::string why_not(std::uint16_t router) const;
    Row force(std::uint16_t router);
    Row take_back(std::uint16_t router);
    bool may_take_back(std::uint16_t router) const;
    Row row(std::uint16_t router, bool done, std::string text, std::uint64_t took_ns = 0) const;

    model::RouterState& router(std::uint16_t index) { return state_.routers.at(index); }
    const model::RouterState& router(std::uint16_t index) const { return state_.routers.at(index); }
    bool is_configured() const { return state_.config.flow_sync.has_value(); }

    model::State& state_;
    journal::EventLog& events_;
    exchange::SyncReports& channels_;
    Outputs outputs_;
    PreemptHolds holds_{outputs_};
    OutgoingHandOvers outgoing_;
    IncomingHandOvers incoming_{outputs_};
    SyncPicture picture_;
    std::vector<Asked> asked_;
    std::map<std::uint16_t, std::uint64_t> returns_ns_;  // when routers come back unasked
    std::function<void()> left_;
    bool has_been_up_ = false;
    std::uint64_t began_ns_;
    std::uint64_t heard_ns_ = 0;  // when the sync thread has last said how it is
};

}  // namespace warren::handover
