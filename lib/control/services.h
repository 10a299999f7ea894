// SPDX-License-Identifier: BSD-3-Clause
// Virtual_servers and their real_servers: what checks, handshakes, ended flows and the operator say
// of them, and who hears of what follows: the log, scripts, the workers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "control/checks.h"
#include "control/publication.h"
#include "ends/ended_flows.h"
#include "ends/refusals.h"
#include "model/orders.h"
#include "model/port_use.h"
#include "model/reload.h"
#include "model/service_state.h"
#include "pools/slow_servers.h"
#include "programs/server_notifier.h"

namespace warren::control {

class Services {
  public:
    struct Told {
        std::function<void()> quorums;  // some may have changed, which routers may track
        std::function<void(const net::IpAddress&)> silent;  // does not answer its check
    };
    Services(const Context& context, exchange::Exchange& exchange, programs::ScriptQueues& queues,
             const programs::Listeners& listeners, Told told);

    // From here on servers are checked; until end_checks().
    void begin_checks(Checks::Watched watched);
    void end_checks() { checks_.reset(); }

    // A check, the operator or a reload has changed a server's standing.
    void on_server(std::uint16_t server);
    // A check has changed its weight.
    void on_weight(std::uint16_t server);
    // Another address of this host's, or one less.
    void follow_own_hosts();
    void follow_quorums();
    // Returns whether it has changed anything.
    bool obey(std::uint16_t server, balance::Admin admin, const std::string& note);
    struct Obeyed {
        std::uint16_t server = 0;
        bool changed = false;
        std::string text;  // what is so now
    };
    std::vector<Obeyed> obey(const model::Order& order);

    void take(const exchange::FlowEvent& event);
    // A virtual router's: whose connections are gone with it is remembered.
    void on_transition(const election::VrrpReport& report);
    // Some fifty times a second: drains go on, silence is seen.
    void follow_traffic();
    void every_second();

    // omega: whoever serves is about to serve no more; all, or what a reload removes.
    void tell_of_end();
    void tell_of_end(const model::ReloadPlan& plan);
    // Of a reload: before others hear of it, and when all have.
    void resolve_scripts() { notifier_.resolve(context_.state.config); }
    void follow_checks();
    // A tracked file or a BFD session has changed.
    void look_at_watched();
    void retry_those_down();

    const ends::EndedFlows& ended() const { return ended_; }

  private:
    void tell_of_end(const model::ServerRecord& server);
    void tell_of_quorum(const model::QuorumChange& change);
    Obeyed order_weight(std::uint16_t server, const model::Order& order);
    Obeyed reset_flows(std::uint16_t server, const std::string& note);
    bool is_doubtful(const exchange::FlowEvent& event);
    void call_roll(std::uint16_t server);
    void even_out();
    std::string full_name(std::uint16_t server) const;
    void warn_of_few_ports();
    void tell_refusals();
    void tell_slow_servers();
    std::uint64_t flows_of(std::uint16_t router) const;

    Context context_;
    exchange::Exchange& exchange_;
    const Told told_;
    programs::ServerNotifier notifier_;
    std::unique_ptr<Checks> checks_;
    ends::EndedFlows ended_;
    ends::RefusalWatch refusals_;
    pools::SlowServers slow_;
    model::PortAlarm port_alarm_;
};

}  // namespace warren::control
