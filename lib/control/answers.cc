// SPDX-License-Identifier: BSD-3-Clause
#include "control/answers.h"

#include <rte_mempool.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "http/process_usage.h"
#include "port/clock.h"
#include "server_pools/rebalancing.h"
#include "telemetry/dump_file.h"
#include "views/config_rows.h"
#include "views/event_rows.h"
#include "views/explain.h"
#include "views/history_rows.h"
#include "views/sync_views.h"
#include "views/views.h"
#include "views/why.h"

namespace warren::control {
namespace {

std::vector<std::string> verb_names() {
    std::vector<std::string> names{"flows",   "events",  "ended",      "why",
                                   "explain", "order",   "reload",     "handover",
                                   "config",  "history", "flow_count", "reset_flows"};
    for (const views::View& view : views::all_views())
        names.emplace_back(view.name);
    return names;
}

constexpr std::uint64_t sample_ns = 1'000'000'000;

std::vector<metrics::PacketBuffers> buffers_of(const std::vector<const rte_mempool*>& pools) {
    std::vector<metrics::PacketBuffers> all;
    for (const rte_mempool* pool : pools) {
        const std::uint64_t free = rte_mempool_avail_count(pool);
        all.push_back({pool->name, free, pool->size - free});
    }
    return all;
}

std::uint64_t lateness(std::uint64_t last_ns, std::uint64_t now_ns) {
    return last_ns == 0 || now_ns < last_ns + sample_ns ? 0 : now_ns - last_ns - sample_ns;
}

// "client 10.0.0.9 service 192.168.8.100:5672"
model::Subject subject_of(const std::string& flows) {
    model::Subject subject{.cause = "operator"};
    std::istringstream words(flows);
    for (std::string what, who; words >> what >> who;)
        for (const auto& [name, value] : journal::subject_fields)
            if (name == what) subject.*value = who;
    return subject;
}

}  // namespace

Answers::Answers(const Context& context, const Sources& sources, Actions actions)
    : context_(context),
      sources_(sources),
      actions_(std::move(actions)),
      listing_(context.io, sources.exchange, sources.ended.known()),
      commands_(context.io, verb_names(),
                [this](const std::string& verb, const std::string& argument, const Reply& reply) {
                    answer(verb, argument, reply);
                }),
      busy_(sources.exchange.workers.size(), 0.0),
      busy_ns_(sources.exchange.workers.size(), 0) {}

void Answers::answer(const std::string& verb, const std::string& argument, const Reply& reply) {
    if (verb == "flows")
        listing_.request(argument, reply);
    else if (verb == "flow_count")
        count_flows(argument, reply);
    else if (verb == "reset_flows")
        reset_flows(argument, reply);
    else if (verb == "events")
        reply(views::events_page(context_.events, argument));
    else if (verb == "ended")
        reply(views::ended_page(sources_.ended, argument));
    else if (verb == "why")
        reply(views::why_page({context_.state, sources_.ended, context_.events}, argument));
    else if (verb == "config")
        reply(views::config_page(sources_.config_lines, context_.state.config, argument));
    else if (verb == "history")
        reply(views::history_page(context_.state, sources_.days, argument));
    else if (verb == "explain")
        explain(argument, reply);
    else if (verb == "order")
        take_order(argument, reply);
    else if (verb == "handover")
        hand_over(argument, reply);
    else if (verb == "reload")
        actions_.reload(argument == "dry-run", [reply](const std::vector<views::Json>& rows) {
            reply(views::make_page("reload", rows, ""));
        });
    else
        reply(view(verb, argument));
}

std::vector<views::PortTotals> Answers::port_totals() const {
    std::vector<views::PortTotals> all;
    for (std::size_t i = 0; i < sources_.ports.size(); ++i) {
        const rte_eth_stats stats = sources_.ports[i].stats();
        all.push_back({stats.ipackets, stats.ibytes, stats.imissed, stats.ierrors, stats.rx_nombuf,
                       stats.opackets, stats.obytes, stats.oerrors});
    }
    return all;
}

views::ViewContext Answers::view_context(const std::vector<views::PortTotals>& totals) const {
    return {context_.state,
            sources_.exchange,
            sources_.vrrp,
            sources_.netlink.statistics(),
            sources_.process,
            totals,
            busy_,
            port::now_ns(),
            journal::system_ms(),
            &sources_.sync,
            &counters_,
            sources_.reloads.last_taken_ms,
            !sources_.reloads.last_is_taken,
            &recent_,
            sources_.turns};
}

void Answers::write(views::Dump dump) const {
    const std::vector<views::PortTotals> totals = port_totals();
    const std::string path = telemetry::dump_folder() + "/" + views::file_name(dump);
    telemetry::replace_file(path,
                            views::dump_text(dump, view_context(totals), journal::system_ms()));
    context_.events.info(journal::EventKind::process, "{} is written", path);
}

std::string Answers::view(const std::string& name, const std::string& cursor) const {
    const std::vector<views::PortTotals> totals = port_totals();
    const views::ViewContext context = view_context(totals);
    for (const views::View& candidate : views::all_views())
        if (name == candidate.name) return views::view_page(candidate, context, cursor);
    return views::error_page("no such view");
}

// A loop that stands still is late before its next sample can say so.
http::Answer Answers::with_facts(const http::Site::Look& look) const {
    const std::vector<views::PortTotals> totals = port_totals();
    const views::ViewContext view = view_context(totals);
    return look({.view = view,
                 .tally = sources_.tally,
                 .events = context_.events,
                 .usage = http::process_usage(),
                 .reloads = sources_.reloads,
                 .manager_lag_ns = std::max(lag_ns_, lateness(sampled_ns_, view.now_ns)),
                 .buffers = buffers_of(sources_.pools)});
}

void Answers::sample_load(std::uint64_t now_ns) {
    lag_ns_ = lateness(sampled_ns_, now_ns);
    recent_.sample(context_.state, sources_.exchange, lag_ns_, now_ns);
    const auto passed_ns = static_cast<double>(now_ns - std::exchange(sampled_ns_, now_ns));
    for (std::size_t i = 0; i < busy_.size(); ++i) {
        const std::uint64_t busy_ns = sources_.exchange.workers[i]->counters.busy_ns.value();
        busy_[i] = static_cast<double>(busy_ns - std::exchange(busy_ns_[i], busy_ns)) / passed_ns;
    }
}

void Answers::sample_counters(std::uint64_t now_ns) {
    const std::vector<views::PortTotals> totals = port_totals();
    views::ViewContext view = view_context(totals);
    view.counters = nullptr;
    counters_.sample(views::counter_rows(view), now_ns);
}

void Answers::explain(const std::string& text, const Reply& reply) {
    const views::ExplainQuestion question = views::read_question(context_.state, text);
    if (!question.tuple) {
        reply(views::usage_page(question.problem));
        return;
    }
    listing_.look_up(
        *question.tuple,
        [this, tuple = *question.tuple](const views::FlowAnswer& found) {
            return views::make_page(
                "explain", {explanation(context_.state, sources_.exchange, tuple, found)}, "");
        },
        reply);
}

void Answers::count_flows(const std::string& text, const Reply& reply) {
    listing_.count(
        text,
        [](std::uint64_t flows) {
            return views::make_page("flow_count", {{{"flows", flows}}}, "");
        },
        reply);
}

void Answers::reset_flows(const std::string& text, const Reply& reply) {
    // Behind a ';' stands why.
    const std::string of = text.substr(0, text.find(';'));
    const std::string note = of == text ? "" : text.substr(of.size() + 1);
    listing_.reset(
        of,
        [this, of, note](std::uint64_t flows) {
            context_.events.warn(
                journal::EventKind::server, subject_of(of), "{}: {}", of,
                model::with_note(std::to_string(flows) + " connections are reset by the operator",
                                 note));
            return views::make_page("reset_flows", {{{"of", of}, {"flows", flows}}}, "");
        },
        reply);
}

void Answers::hand_over(const std::string& text, const Reply& reply) {
    const handover::Request request = handover::read_request(context_.state, text);
    if (!request.problem.empty())
        return reply(views::refusal_page(request.problem, request.is_nonsense));
    actions_.hand_over(request, [reply](const std::vector<handover::Row>& rows) {
        reply(views::make_page("handover", views::handover_rows(rows), ""));
    });
}

void Answers::take_order(const std::string& text, const Reply& reply) {
    model::Order order = read_order(context_.state, text);
    if (order.service)
        order.problem = server_pools::hindrance(context_.state.services[*order.service]);
    if (!order.problem.empty()) {
        reply(views::refusal_page(order.problem, order.is_nonsense));
        return;
    }
    std::vector<views::Json> rows;
    for (const Services::OrderResult& done : actions_.execute(order)) {
        const model::ServerRecord& server = context_.state.servers[done.server];
        rows.push_back({{"server", name_of(server)},
                        {"service", name_of(context_.state.services[server.service])},
                        {"changed", done.changed},
                        {"reason", done.text}});
    }
    if (order.service)
        rows.push_back({{"server", views::Json()},
                        {"service", name_of(context_.state.services[*order.service])},
                        {"changed", true},
                        {"reason", "connections move while a server is short of its share"}});
    reply(views::make_page("order", rows, ""));
}

}  // namespace warren::control
