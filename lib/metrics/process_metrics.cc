// SPDX-License-Identifier: BSD-3-Clause
// Build, process, configuration, verdict, the manager, flow sync.
#include <algorithm>
#include <map>
#include <string>

#include "metrics/families.h"
#include "verdict/verdict.h"

namespace warren::metrics {
namespace {

void add_usage(Exposition& out, const ProcessUsage& usage) {
    out.begin("process_cpu_seconds_total", Kind::counter, "CPU time spent, user and system.");
    out.add(usage.cpu_s);
    out.begin("process_resident_memory_bytes", Kind::gauge, "Resident memory, without hugepages.");
    out.add(static_cast<double>(usage.resident_bytes));
    out.begin("process_open_fds", Kind::gauge, "Open file descriptors.");
    out.add(static_cast<double>(usage.open_fds));
    out.begin("process_max_fds", Kind::gauge, "Limit of open file descriptors.");
    out.add(static_cast<double>(usage.max_fds));
    out.begin("process_start_time_seconds", Kind::gauge, "Start, in seconds since 1970.");
    out.add(usage.start_s);
}

void add_reloads(Exposition& out, const ReloadHistory& reloads) {
    out.begin("warren_config_last_reload_successful", Kind::gauge,
              "Whether the last reload was taken up.");
    out.add(reloads.last_is_taken);
    out.begin("warren_config_last_reload_success_timestamp_seconds", Kind::gauge,
              "When a configuration was last taken up.");
    out.add(static_cast<double>(reloads.last_taken_ms) / 1e3);
    out.begin("warren_reloads_total", Kind::counter, "Reloads, by what became of them.");
    out.add(static_cast<double>(reloads.taken), R"(result="taken")");
    out.add(static_cast<double>(reloads.refused), R"(result="refused")");
}

void add_verdict(Exposition& out, const views::ViewContext& view) {
    const std::vector<verdict::Reason> reasons = verdict::reasons(view.facts());
    out.begin("warren_health", Kind::gauge, "The verdict: 0 ok, 1 degraded, 2 down.");
    out.add(static_cast<double>(verdict::level_of(reasons)));
    std::map<std::string_view, unsigned> counts;
    for (const verdict::Reason& reason : reasons)
        ++counts[reason.name];
    out.begin("warren_health_reason", Kind::gauge,
              "Reasons of the verdict that stand now, by their name.");
    for (const auto& [reason, count] : counts)
        out.add(count, label("reason", reason));
}

void add_turns(Exposition& out, const journal::TurnTimes& turns) {
    out.begin("warren_manager_turn_seconds", Kind::histogram,
              "What each turn of the manager's loop took of a processor.");
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < turns.buckets.size(); ++i) {
        const bool is_last = i == turns.bounds_ns.size();
        const std::string bound =
            is_last ? "+Inf" : fmt::format("{}", static_cast<double>(turns.bounds_ns[i]) / 1e9);
        out.add_part("_bucket", static_cast<double>(sum += turns.buckets[i]), {},
                     label("le", bound));
    }
    out.add_part("_sum", static_cast<double>(turns.sum_ns) / 1e9, {});
    out.add_part("_count", static_cast<double>(turns.count), {});
}

void add_manager(Exposition& out, const Facts& facts) {
    const views::ViewContext& view = facts.view;
    out.begin("warren_manager_lag_seconds", Kind::gauge,
              "How late the manager's loop was in the last second.");
    out.add(static_cast<double>(facts.manager_lag_ns) / 1e9);
    add_turns(out, view.turns);
    std::uint64_t flow_events = 0;
    for (const auto& worker : view.exchange.workers)
        flow_events += worker->events_lost.value();
    out.begin("warren_records_lost_total", Kind::counter,
              "Records between threads that found their channel full.");
    out.add(static_cast<double>(flow_events), R"(kind="flow_event")");
    out.add(static_cast<double>(view.vrrp.counters.reports_lost.value()), R"(kind="vrrp_report")");
    out.begin("warren_log_messages_total", Kind::counter, "Lines of the log, by level.");
    using journal::EventLevel;
    for (const EventLevel level : {EventLevel::info, EventLevel::warning, EventLevel::error})
        out.add(static_cast<double>(facts.events.count(level)), label("level", name(level)));
    out.begin("warren_netlink_troubles_total", Kind::counter,
              "Troubles with the kernel's netlink; see warren-counters(7).");
    for (const auto& named : kernel::netlink_counters)
        out.add(static_cast<double>(view.netlink.*named.counter), label("kind", named.name));
}

}  // namespace

void add_process(Exposition& out, const Facts& facts) {
    out.begin("warren_build_info", Kind::gauge, "1, with the version.");
    out.add(1, label("version", facts.view.process.version),
            label("dpdk", facts.view.process.dpdk_version) + "," +
                label("instance_name", facts.view.process.instance));
    out.begin("warren_config_info", Kind::gauge,
              "1, with a hash of what two warrens must have configured alike.");
    out.add(1, label("hash", facts.reloads.config_hash));
    add_usage(out, facts.usage);
    add_reloads(out, facts.reloads);
    add_verdict(out, facts.view);
    add_manager(out, facts);
}

}  // namespace warren::metrics
