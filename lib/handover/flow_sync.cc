// SPDX-License-Identifier: BSD-3-Clause
#include "handover/flow_sync.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace warren::handover {
namespace {

constexpr auto kind = journal::EventKind::sync;

std::optional<Trouble> trouble_of(exchange::SyncReport::Alarm alarm) {
    using Alarm = exchange::SyncReport::Alarm;
    switch (alarm) {
        case Alarm::differs:
            return Trouble::differs;
        case Alarm::config:
            return Trouble::config;
        case Alarm::key:
            return Trouble::key;
        case Alarm::version:
            return Trouble::version;
        case Alarm::capacity:
            return Trouble::capacity;
        case Alarm::refused:
            return Trouble::refused;
        case Alarm::port_conflict:
            return Trouble::port_conflict;
        case Alarm::lossy:
            return Trouble::lossy;
        case Alarm::both_masters:
            return Trouble::both_masters;
        case Alarm::unsynced_takeover:
            return Trouble::takeover_unsynced;
        case Alarm::none:
        case Alarm::count_:
            break;
    }
    return std::nullopt;
}

}  // namespace

FlowSync::FlowSync(model::State& state, journal::EventLog& events, exchange::SyncReports& channels,
                   std::function<void(const election::VrrpCommand&)> vrrp, std::uint64_t now_ns)
    : state_(state),
      events_(events),
      channels_(channels),
      outputs_{std::move(vrrp),
               [this](const exchange::SyncOrder& order) {
                   if (!channels_.orders.push(order))
                       events_.warn(kind, "the thread of flow sync takes no orders");
               }},
      outgoing_(outputs_, [this](const OutgoingHandOvers::Ended& ended) { on_given(ended); }),
      began_ns_(now_ns) {}

void FlowSync::start() {
    if (!is_configured()) return;
    for (std::size_t i = 0; i < state_.routers.size(); ++i)
        holds_.set(static_cast<std::uint16_t>(i), Hold::unsynced, true);
}

void FlowSync::follow(const std::vector<std::uint16_t>& added,
                      const std::vector<std::uint16_t>& removed) {
    for (const std::uint16_t index : removed) {
        picture_.forget(index);
        returns_ns_.erase(index);
    }
    for (const std::uint16_t index : added) {
        holds_.forget(index);
        if (is_configured()) holds_.set(index, Hold::unsynced, true);
    }
}

// ---- what the sync thread says

// Statuses first: what a report says is newer than the statuses before it.
void FlowSync::look(std::uint64_t now_ns) {
    for (exchange::SyncStatus status; channels_.statuses.pop(status);)
        take(status, now_ns);
    for (exchange::SyncReport report; channels_.reports.pop(report);)
        take(report, now_ns);
    outgoing_.tick(now_ns);
    incoming_.tick(now_ns);
    bring_back(now_ns);
    if (is_configured()) watch(now_ns);
}

// What was taken over without its flows is whole again once the tables are equal.
void FlowSync::take(const exchange::SyncStatus& status, std::uint64_t now_ns) {
    heard_ns_ = now_ns;
    if (!status.is_peer && status.router.router >= state_.routers.size()) return;
    picture_.take(status);
    if (!status.is_peer && status.router.in_sync)
        set_trouble(Trouble::takeover_unsynced, false, status.router.router, 0, now_ns);
}

void FlowSync::take(const exchange::SyncReport& report, std::uint64_t now_ns) {
    using Kind = exchange::SyncReport::Kind;
    if (report.kind == Kind::alarm) return take_alarm(report, now_ns);
    if (report.router >= state_.routers.size()) return;
    switch (report.kind) {
        case Kind::peer_up:
            has_been_up_ = true;
            events_.info(kind, "a peer of flow sync answers");
            return set_trouble(Trouble::sync_down, false, 0, 0, now_ns);
        case Kind::peer_down:
            return set_trouble(Trouble::sync_down, true, 0, 0, now_ns);
        case Kind::hold_preemption:
            return holds_.set(report.router, Hold::unsynced, true);
        case Kind::may_preempt:
        case Kind::gave_up:
            return release(report, now_ns);
        case Kind::take_over_asked:
            return take_over(report.router, now_ns);
        case Kind::asked:
        case Kind::not_asked:
        case Kind::answered:
        case Kind::not_answered:
            return outgoing_.take(report, now_ns);
        case Kind::alarm:
            break;
    }
}

void FlowSync::take_alarm(const exchange::SyncReport& report, std::uint64_t now_ns) {
    const std::optional<Trouble> trouble = trouble_of(report.alarm);
    if (trouble && (is_of_peer(*trouble) || report.router < state_.routers.size()))
        set_trouble(*trouble, !report.over, report.router, report.missing, now_ns);
    if (report.difference.side == exchange::ConfigDifference::Side::none) return;
    picture_.explain(report.router, report.difference);
    events_.warn(kind, "config: {}", text(report.difference));
}

void FlowSync::take_over(std::uint16_t index, std::uint64_t now_ns) {
    const model::RouterState& wanted = router(index);
    events_.info(kind, about(wanted, "handover"), "{}: the peer hands it over",
                 wanted.config->name);
    incoming_.asked(index, wanted.status.state, now_ns);
}

void FlowSync::release(const exchange::SyncReport& report, std::uint64_t now_ns) {
    const bool was_held = holds_.has(report.router, Hold::unsynced);
    const bool gave_up = report.kind == exchange::SyncReport::Kind::gave_up;
    set_trouble(Trouble::preempt_unsynced, gave_up, report.router, report.missing, now_ns);
    if (was_held && !gave_up)
        events_.info(kind, about(router(report.router)),
                     "{}: its flows are known here, it may preempt",
                     router(report.router).config->name);
    holds_.set(report.router, Hold::unsynced, false);
}

void FlowSync::watch(std::uint64_t now_ns) {
    if (!has_been_up_ && now_ns - began_ns_ > first_patience_ns)
        set_trouble(Trouble::sync_down, true, 0, 0, now_ns);
    set_trouble(Trouble::sync_stalled, now_ns - std::max(heard_ns_, began_ns_) > thread_patience_ns,
                0, 0, now_ns);
    set_trouble(Trouble::stale, picture_.lag_ns() > SyncPicture::stale_ns, 0, 0, now_ns);
}

// Each beginning and end is told once, with what can be done.
void FlowSync::set_trouble(Trouble trouble, bool stands, std::uint16_t index, std::uint64_t missing,
                           std::uint64_t now_ns) {
    const std::string what = text({trouble, index, missing, now_ns, {}}, state_);
    const journal::Subject subject = is_of_peer(trouble) ? journal::Subject{.cause = name(trouble)}
                                                         : about(router(index), name(trouble));
    if (stands && picture_.raise(trouble, index, missing, now_ns))
        events_.warn(kind, subject, "flow sync: {} ({}) [{}]", what, remedy(trouble),
                     name(trouble));
    else if (!stands && picture_.clear(trouble, index))
        events_.info(kind, subject, "flow sync: over: {} [{}]", what, name(trouble));
}

// ---- transitions

void FlowSync::on_transition(const election::VrrpReport& report, std::uint64_t now_ns) {
    incoming_.on_transition(report.router, report.to);
    outgoing_.on_transition(report.router, report.to, now_ns);
    if (report.to == vrrp::State::master) holds_.set(report.router, Hold::handed_over, false);
}

void FlowSync::on_given(const OutgoingHandOvers::Ended& ended) {
    const bool done = ended.trouble.empty();
    const std::string& whose = router(ended.router).config->name;
    const journal::Subject subject = about(router(ended.router), "handover");
    const auto ms = static_cast<double>(ended.took_ns) / 1e6;
    if (done) {
        holds_.set(ended.router, Hold::handed_over, true);
        events_.info(kind, subject, "{}: handed over in {:.1f} ms", whose, ms);
    } else {
        events_.warn(kind, subject, "{}: not handed over: {}", whose, ended.trouble);
    }
    for (Asked& asked : asked_)
        if (std::erase(asked.waits, ended.router) != 0)
            asked.rows.push_back(
                row(ended.router, done,
                    done ? "handed over: backup until " + how_long(ended.router) + ", standing by"
                         : ended.trouble,
                    ended.took_ns));
    std::vector<Asked> answered;
    for (Asked& asked : asked_)
        if (asked.waits.empty()) answered.push_back(std::move(asked));
    std::erase_if(asked_, [](const Asked& asked) { return asked.waits.empty(); });
    for (const Asked& asked : answered)
        asked.reply(asked.rows);
    if (outgoing_.is_idle() && left_) std::exchange(left_, nullptr)();
}

// ---- the operator's orders

std::string FlowSync::how_long(std::uint16_t index) const {
    return returns_ns_.count(index) != 0 ? "its time is over or handover --back"
                                         : "handover --back";
}

// The last order that gives it away counts, whether it says a time or none.
void FlowSync::set_return(std::uint16_t index, const Request& request, std::uint64_t now_ns) {
    if (request.for_ns == 0)
        returns_ns_.erase(index);
    else
        returns_ns_[index] = now_ns + request.for_ns;
}

// What was not given after all has nothing to come back to.
void FlowSync::bring_back(std::uint64_t now_ns) {
    std::erase_if(returns_ns_, [&](const auto& one) {
        const auto& [index, when_ns] = one;
        if (now_ns < when_ns || outgoing_.has(index)) return false;
        if (holds_.has(index, Hold::handed_over))
            events_.info(kind, about(router(index), "handover"),
                         "{}: the time of its hand-over is over: it {}", router(index).config->name,
                         take_back(index).text);
        return true;
    });
}

void FlowSync::execute(const Request& request, const Reply& reply, std::uint64_t now_ns) {
    Asked asked{{}, {}, reply};
    for (const std::uint16_t index : request.routers) {
        if (request.back) {
            returns_ns_.erase(index);
            asked.rows.push_back(take_back(index));
        } else if (!is_master(router(index))) {
            if (!request.is_all) asked.rows.push_back(row(index, false, "it is not master here"));
        } else if (request.force) {
            set_return(index, request, now_ns);
            asked.rows.push_back(force(index));
        } else if (const std::string problem = why_not(index); !problem.empty()) {
            asked.rows.push_back(row(index, false, problem));
        } else {
            set_return(index, request, now_ns);
            asked.waits.push_back(index);
        }
    }
    if (asked.waits.empty()) return reply(asked.rows);
    const std::vector<std::uint16_t> begun = asked.waits;
    asked_.push_back(std::move(asked));
    for (const std::uint16_t index : begun)
        outgoing_.begin(index, now_ns);
}

std::string FlowSync::why_not(std::uint16_t index) const {
    if (outgoing_.has(index)) return "it is being handed over";
    if (picture_.is_in_sync(index)) return {};
    const std::string why = !is_configured()        ? "there is no flow_sync"
                            : picture_.is_peer_up() ? "the peer does not know all of its flows yet"
                                                    : "no peer answers";
    return why + ": with --force it is given up, and connections may break";
}

// As at a stop, but it stands by afterwards. An owner would take it back at once: it stays in
// fault.
Row FlowSync::force(std::uint16_t index) {
    const auto fault = [&](bool present) {
        outputs_.vrrp({.kind = election::VrrpCommand::Kind::fault,
                       .router = index,
                       .cause = vrrp::FaultCause::handover,
                       .present = present});
    };
    holds_.set(index, Hold::handed_over, true);
    fault(true);
    if (router(index).status.effective_priority != vrrp::owner_priority) fault(false);
    events_.warn(kind, about(router(index), "handover"), "{}: given up by order, with priority 0",
                 router(index).config->name);
    return row(index, true,
               "given up: a peer takes over within Skew_Time; backup until " + how_long(index));
}

Row FlowSync::take_back(std::uint16_t index) {
    outputs_.vrrp({.kind = election::VrrpCommand::Kind::fault,
                   .router = index,
                   .cause = vrrp::FaultCause::handover});
    if (!holds_.has(index, Hold::handed_over)) return row(index, true, "it was not handed over");
    holds_.set(index, Hold::handed_over, false);
    if (!may_take_back(index))
        return row(index, true, "may preempt again, if its priority and preempt say so");
    outputs_.vrrp({.kind = election::VrrpCommand::Kind::take_over, .router = index});
    return row(index, true, "takes over again");
}

// Only what preemption would do anyway, a Master_Down_Interval later.
bool FlowSync::may_take_back(std::uint16_t index) const {
    const vrrp::Status& status = router(index).status;
    return status.state == vrrp::State::backup && !holds_.is_held(index) &&
           picture_.is_in_sync(index) && router(index).plan->settings.preempt &&
           status.effective_priority > status.master_priority;
}

Row FlowSync::row(std::uint16_t index, bool done, std::string text, std::uint64_t took_ns) const {
    return {router(index).config->name, done, std::move(text), took_ns};
}

bool FlowSync::leave(std::function<void()> done, std::uint64_t now_ns) {
    std::vector<std::uint16_t> ready;
    for (std::size_t i = 0; i < state_.routers.size(); ++i)
        if (const auto index = static_cast<std::uint16_t>(i);
            is_served(router(index)) && is_master(router(index)) && why_not(index).empty())
            ready.push_back(index);
    if (ready.empty()) return false;
    left_ = std::move(done);
    for (const std::uint16_t index : ready)
        outgoing_.begin(index, now_ns);
    return true;
}

}  // namespace warren::handover
