// SPDX-License-Identifier: BSD-3-Clause
// The manager's side of the virtual routers: takes the control lcore's reports, sends it plans, and
// notifies scripts, FIFOs and mail of transitions.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "control/publication.h"
#include "model/reload_records.h"
#include "programs/notifier.h"
#include "programs/notify_fifos.h"

namespace warren::control {

class Routers {
  public:
    struct Callbacks {
        std::function<void()> masters_changed;  // a router has become master, or ceased to be
        std::function<void()> all_stopped;      // after a shutdown: each has sent priority 0
        std::function<void(const election::VrrpReport&)> transition{};
        // A master hears a peer, or is heard, after it may have been cut off.
        std::function<void()> peer_heard{};
    };

    // `listeners` are notified of transitions; `fifos`, one of them, of priorities and alarms too.
    Routers(const Context& context, election::VrrpLink& vrrp, Callbacks callbacks,
            programs::NotifyFifos& fifos, const programs::Listeners& listeners);

    // For the control lcore's start.
    std::vector<const election::RouterPlan*> plans() const;

    // At the start: logs which addresses are not in adverts; a reload logs those that it changes.
    void log_all_unlisted();

    // Takes all reports and statuses from the control lcore's channels.
    void take_all();

    // A port's addresses or MAC have changed: makes its routers' plans anew and returns those that
    // differ. send_plans() sends them, after the snapshot has been published.
    std::vector<std::uint16_t> renew_plans(std::uint8_t port);
    void send_plans(std::uint8_t port, const std::vector<std::uint16_t>& renewed);
    void send_link(std::uint8_t port);
    // This port's MAC has changed or its link has come back: masters of other ports that have
    // addresses on it announce them again.
    void announce_on(std::uint8_t port);

    // After a reload, with its snapshot published. `faults_of`: the FaultCause bits of a port, for
    // routers that are added to it.
    using FaultsOf = std::function<std::uint16_t(std::uint8_t port)>;
    void follow(model::ReloadChanges changes, const FaultsOf& faults_of);
    // The host's addresses have changed: sets or clears FaultCause::no_address (track_src_ip).
    void update_address_faults();

    // The router waited silently for the first state of what it tracks; it is known now.
    void send_settled(std::uint16_t router);

    // Logs what adverts differ from ours in: once a minute while they come.
    void summarise_alarms(std::uint64_t now_ns);

    // fifo_write_vrrp_states_on_reload.
    void repeat_on_fifos() const { notifier_.repeat_to(fifos_); }

    programs::ScriptQueues& script_queues() { return notifier_.queues(); }

  private:
    void take_statuses();
    void write_fifos(const model::RouterState& router, const vrrp::Status& before);
    void on_report(const election::VrrpReport& report);
    void on_transition(const election::VrrpReport& report);
    void on_alarm(const election::VrrpReport& report);
    void note_peer_heard(std::uint64_t now_ns);
    std::string alarm_of(const model::RouterState& router,
                         const election::VrrpReport& report) const;
    void on_reloaded(const election::VrrpReport& report);
    bool waits_for_tracked(const election::VrrpReport& report);
    bool replace_plan(std::uint16_t router);
    void update_address_fault(std::uint16_t router);
    void log_unlisted(const model::RouterState& router);
    void add_missing_source(election::RouterChange& change);
    election::RouterPlan plan_of(const model::RouterState& router) const;

    Context context_;
    election::VrrpLink& vrrp_;
    Callbacks callbacks_;
    programs::NotifyFifos& fifos_;
    programs::Notifier notifier_;
    std::uint64_t peer_heard_ns_ = 0;  // 0: not yet
    std::vector<std::unique_ptr<const election::RouterPlan>> retired_plans_;

    // Owned by the control lcore until it reports `reloaded`.
    struct HandedOver {
        election::RouterChanges changes;
        std::vector<std::unique_ptr<const election::RouterPlan>> retired;
    };
    std::list<HandedOver> handed_over_;
};

}  // namespace warren::control
