// SPDX-License-Identifier: BSD-3-Clause
// Answers the operator's requests, over telemetry and HTTP: views of the model and of all counters,
// flows, events, why a connection ended or where one would go; and passes on orders.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/publication.h"
#include "control/services.h"
#include "handover/flow_sync.h"
#include "history/days.h"
#include "history/ended_flows.h"
#include "http/site.h"
#include "kernel/netlink.h"
#include "model/orders.h"
#include "port/port_table.h"
#include "syntax/document.h"
#include "telemetry/commands.h"
#include "telemetry/flow_listing.h"
#include "views/counter_views.h"
#include "views/dumps.h"
#include "views/view_context.h"

struct rte_mempool;

namespace warren::control {

class Answers {
  public:
    // What is shown that the model does not have; all of it outlives this.
    struct Sources {
        exchange::Exchange& exchange;
        const election::VrrpLink& vrrp;
        const kernel::Netlink& netlink;
        const port::PortTable& ports;  // as in State
        const history::EndedFlows& ended;
        const history::Days& days;
        const views::ProcessFacts& process;
        const handover::SyncPicture& sync;
        const metrics::FlowTally& tally;
        const metrics::ReloadHistory& reloads;
        const std::vector<syntax::TextLine>& config_lines;
        const std::vector<const rte_mempool*>& pools;
        const journal::TurnTimes& turns;
    };
    // What the manager does when an operator asks for it.
    struct Actions {
        std::function<std::vector<Services::OrderResult>(const model::Order& order)> execute;
        // Rows: a step each, the outcome last. A dry run tells what a reload would do.
        using OnRows = std::function<void(const std::vector<views::Json>& rows)>;
        std::function<void(bool is_dry_run, OnRows done)> reload;
        std::function<void(const handover::Request&, const handover::FlowSync::Reply&)> hand_over;
    };

    Answers(const Context& context, const Sources& sources, Actions actions);

    // One of keepalived's files, in its folder. Throws std::system_error.
    void write(views::Dump dump) const;

    // What is known now, for who answers over HTTP.
    http::Answer with_facts(const http::Site::Look& look) const;

    // A page of that, for the same; `what` gives no order.
    void read(const std::string& what, const std::string& question,
              const telemetry::Commands::Answer& reply) {
        answer(what, question, reply);
    }

    // Each second: how busy the workers have been since the last call, how late this one is.
    void sample_load(std::uint64_t now_ns);
    // Each second: what has been counted since.
    void sample_counters(std::uint64_t now_ns);

  private:
    using Reply = telemetry::Commands::Answer;

    void answer(const std::string& verb, const std::string& argument, const Reply& reply);
    std::string view(const std::string& name, const std::string& cursor) const;
    std::vector<views::PortTotals> port_totals() const;
    views::ViewContext view_context(const std::vector<views::PortTotals>& totals) const;
    void explain(const std::string& text, const Reply& reply);
    void count_flows(const std::string& text, const Reply& reply);
    void reset_flows(const std::string& text, const Reply& reply);
    void hand_over(const std::string& text, const Reply& reply);
    void take_order(const std::string& text, const Reply& reply);

    Context context_;
    Sources sources_;
    Actions actions_;
    telemetry::FlowListing listing_;
    telemetry::Commands commands_;
    views::CounterHistory counters_;
    std::vector<double> busy_;            // by worker
    std::vector<std::uint64_t> busy_ns_;  // at the last sample
    std::uint64_t sampled_ns_ = 0;
    std::uint64_t lag_ns_ = 0;  // of the last sample
    verdict::Recent recent_;
};

}  // namespace warren::control
