// SPDX-License-Identifier: BSD-3-Clause
// Virtual_servers and their real_servers: takes in checks, flow events and orders, and passes on
// what follows to the log, scripts, alerts and the workers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "control/checks.h"
#include "control/publication.h"
#include "history/ended_flows.h"
#include "history/refusals.h"
#include "journal/pacer.h"
#include "model/orders.h"
#include "model/port_use.h"
#include "model/reload.h"
#include "model/service_state.h"
#include "programs/server_notifier.h"
#include "server_pools/drains.h"
#include "server_pools/slow_servers.h"

namespace warren::control {

class Services {
  public:
    struct Callbacks {
        std::function<void()> quorums_changed;  // perhaps; routers may track them
        std::function<void(const net::IpAddress&)> server_silent;  // a check timed out
    };
    Services(const Context& context, exchange::Exchange& exchange, programs::ScriptQueues& queues,
             const programs::Listeners& listeners, Callbacks callbacks);

    // Starts the checks; end_checks() ends them.
    void begin_checks(Checks::Watched watched);
    void end_checks() { checks_.reset(); }

    // A server's standing has changed, by a check, an order or a reload. Of many at once all but
    // the first few are published together, and what the quorums make of them.
    void on_server(std::uint16_t server);
    // A check has changed its weight.
    void on_weight(std::uint16_t server);
    // This host's addresses have changed: some servers may be local now.
    void follow_own_hosts();
    void follow_quorums();
    // Returns whether anything has changed.
    bool execute(std::uint16_t server, balance::Admin admin, const std::string& note);
    struct OrderResult {
        std::uint16_t server = 0;
        bool changed = false;
        std::string text;  // the result, for the operator
    };
    std::vector<OrderResult> execute(const model::Order& order);

    void take(const exchange::FlowEvent& event);
    // Remembers whose connections a virtual router took with it.
    void on_transition(const election::VrrpReport& report);
    // At each drain of the channels (20 ms): silent servers, servers that drain.
    void follow_traffic();
    void every_second();

    // Down scripts of who serves: with `omega` at a shutdown; of what a reload removes always.
    void run_stop_scripts();
    void run_stop_scripts(const model::ReloadPlan& plan);
    // Of a reload: before and after the snapshot is published.
    void resolve_scripts() { notifier_.resolve(context_.state.config); }
    void follow_checks();
    // A tracked file or a BFD session has changed.
    void look_at_watched();
    void retry_those_down();

    const history::EndedFlows& ended() const { return ended_; }

  private:
    void run_stop_scripts(const model::ServerRecord& server, std::string_view why);
    void publish_standings();
    void announce_quorum(const model::QuorumChange& change);
    void announce_last_resorts();
    OrderResult order_weight(std::uint16_t server, const model::Order& order);
    OrderResult reset_flows(std::uint16_t server, const std::string& note);
    bool is_doubtful(const exchange::FlowEvent& event);
    void probe_flows(std::uint16_t server);
    void rebalance();
    std::string full_name(std::uint16_t server) const;
    void warn_of_few_ports();
    void log(const std::vector<journal::Notice>& notices);
    std::uint64_t flows_of(std::uint16_t router) const;

    Context context_;
    exchange::Exchange& exchange_;
    const Callbacks callbacks_;
    programs::ServerNotifier notifier_;
    std::unique_ptr<Checks> checks_;
    history::EndedFlows ended_;
    history::RefusalWatch refusals_;
    server_pools::Drains drains_;
    server_pools::SlowServers slow_;
    model::PortAlarm port_alarm_;
    journal::Pacer standings_;
};

}  // namespace warren::control
