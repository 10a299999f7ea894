// SPDX-License-Identifier: BSD-3-Clause
// The virtual routers as the manager sees them: what the control lcore reports of them, the plans
// that it runs, who is told of a transition.
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
    struct Told {
        std::function<void()> masters;  // somebody has become master, or is none any more
        std::function<void()> stopped;  // all have said good-bye
        std::function<void(const election::VrrpReport&)> transition{};
        // A master is heard by others again, or hears them: it may have been alone.
        std::function<void()> company{};
    };

    // `listeners` hear of transitions too, and `fifos`, one of them, of more.
    Routers(const Context& context, election::VrrpLink& vrrp, Told told,
            programs::NotifyFifos& fifos, const programs::Listeners& listeners);

    // What the control lcore starts with.
    std::vector<const election::RouterPlan*> plans() const;

    // At the start; a reload tells of those that it changes.
    void tell_all_unlisted();

    // What it has reported since.
    void take_all();

    // A port's addresses or MAC have changed. Makes the plans of its routers anew; those that are
    // others now. They are told when the snapshot is out.
    std::vector<std::uint16_t> renew_plans(std::uint8_t port);
    void tell_plans(std::uint8_t port, const std::vector<std::uint16_t>& renewed);
    void tell_link(std::uint8_t port);
    // Masters of other ports that have addresses on this one: its MAC is another, or its link has
    // come back.
    void announce_on(std::uint8_t port);

    // Another configuration is in force, and the snapshot of it is out. `faults_of` a port: what an
    // added router of it has to know.
    using FaultsOf = std::function<std::uint16_t(std::uint8_t port)>;
    void follow(model::ReloadChanges changes, const FaultsOf& faults_of);
    // The host has other addresses now: track_src_ip.
    void tell_sources();

    // It waited, silently, for what it tracks, and knows now.
    void tell_settled(std::uint16_t router);

    // Of adverts that are not as ours: once a minute while they come.
    void summarise_alarms(std::uint64_t now_ns);

    // Of a reload: fifo_write_vrrp_states_on_reload.
    void repeat_on_fifos() const { notifier_.repeat_to(fifos_); }

    programs::ScriptQueues& script_queues() { return notifier_.queues(); }

  private:
    void take_statuses();
    void tell_fifos(const model::RouterState& router, const vrrp::Status& before);
    void on_report(const election::VrrpReport& report);
    void on_transition(const election::VrrpReport& report);
    void on_alarm(const election::VrrpReport& report);
    void tell_company(std::uint64_t now_ns);
    void on_reloaded(const election::VrrpReport& report);
    bool waits_for_tracked(const election::VrrpReport& report);
    bool replace_plan(std::uint16_t router);
    void tell_missing_address(std::uint16_t router);
    void tell_unlisted(const model::RouterState& router);
    void add_missing_source(election::RouterChange& change);
    election::RouterPlan plan_of(const model::RouterState& router) const;

    Context context_;
    election::VrrpLink& vrrp_;
    Told told_;
    programs::NotifyFifos& fifos_;
    programs::Notifier notifier_;
    std::uint64_t company_at_ns_ = 0;  // 0: not yet
    std::vector<std::unique_ptr<const election::RouterPlan>> retired_plans_;

    // With the control lcore, until it says that it is done.
    struct HandedOver {
        election::RouterChanges changes;
        std::vector<std::unique_ptr<const election::RouterPlan>> retired;
    };
    std::list<HandedOver> handed_over_;
};

}  // namespace warren::control
