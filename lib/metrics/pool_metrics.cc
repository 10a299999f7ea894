// SPDX-License-Identifier: BSD-3-Clause
// Virtual_servers and real_servers.
#include <algorithm>
#include <array>

#include "metrics/families.h"
#include "model/builder.h"

namespace warren::metrics {
namespace {

constexpr std::array<std::string_view, 6> server_states{"up",   "blocked", "draining",
                                                        "down", "maint",   "standby"};

// ---- services

constexpr Column<ServiceRow> service_columns[] = {
    {"warren_service_up", Kind::gauge, "Whether some real_server takes new connections.", "",
     [](const ServiceRow& s) { return number(s.is_up); }},
    {"warren_service_quorum", Kind::gauge, "Whether it has its quorum.", "",
     [](const ServiceRow& s) { return number(s.record->has_quorum); }},
    {"warren_service_flows", Kind::gauge, "Connections now.", "",
     [](const ServiceRow& s) { return number(s.counts.active); }},
    {"warren_service_local_ports_used_ratio", Kind::gauge,
     "Share of its local ports that the fullest worker uses towards one server (FNAT).", "",
     [](const ServiceRow& s) { return s.ports_used; }},
    {"warren_service_connections_total", Kind::counter, "Connections given to its servers.", "",
     [](const ServiceRow& s) { return number(s.counts.connections); }},
    {"warren_service_bytes_total", Kind::counter,
     "Bytes forwarded: in from clients, out to clients.", R"(direction="in")",
     [](const ServiceRow& s) { return number(s.counts.to_server_bytes); }},
    {"warren_service_bytes_total", Kind::counter, "", R"(direction="out")",
     [](const ServiceRow& s) { return number(s.counts.to_client_bytes); }},
    {"warren_service_packets_total", Kind::counter,
     "Frames forwarded: in from clients, out to clients.", R"(direction="in")",
     [](const ServiceRow& s) { return number(s.counts.to_server_frames); }},
    {"warren_service_packets_total", Kind::counter, "", R"(direction="out")",
     [](const ServiceRow& s) { return number(s.counts.to_client_frames); }},
};

void add_server_counts(Exposition& out, const Pool& pool) {
    out.begin("warren_service_servers", Kind::gauge, "Its servers, by state.");
    for (const ServiceRow& service : pool.services)
        for (const std::string_view state : server_states) {
            const auto count = std::count_if(
                service.servers.begin(), service.servers.end(),
                [&](std::size_t server) { return pool.servers[server].state == state; });
            out.add(static_cast<double>(count), service.labels, label("state", state));
        }
}

void add_endings(Exposition& out, const Pool& pool) {
    out.begin("warren_service_flows_ended_total", Kind::counter,
              "Connections that ended or came to nothing, by cause.");
    for (const ServiceRow& service : pool.services)
        for (std::size_t i = 0; i < ending_count; ++i)
            out.add(number(service.tally.endings[i]), service.labels,
                    label("cause", ending_name(i)));
}

constexpr std::array<std::string_view, connect_bounds_s.size() + 1> bucket_labels{
    R"(le="0.0005")", R"(le="0.001")", R"(le="0.0025")", R"(le="0.005")", R"(le="0.01")",
    R"(le="0.025")",  R"(le="0.05")",  R"(le="0.1")",    R"(le="0.25")",  R"(le="0.5")",
    R"(le="1")",      R"(le="2.5")",   R"(le="+Inf")"};

void add_connect_times(Exposition& out, const std::vector<ServiceRow>& services) {
    out.begin("warren_service_connect_seconds", Kind::histogram,
              "From the SYN given to a server to its SYN-ACK.");
    for (const ServiceRow& service : services) {
        const ConnectTimes& times = service.tally.connects;
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < times.buckets.size(); ++i)
            out.add_part("_bucket", number(sum += times.buckets[i]), service.labels,
                         bucket_labels[i]);
        out.add_part("_sum", times.sum_s, service.labels);
        out.add_part("_count", number(times.count), service.labels);
    }
}

// ---- servers

double share(std::uint32_t fixed_point) {
    return static_cast<double>(fixed_point) / balance::factor_one;
}

constexpr Column<ServerRow> server_columns[] = {
    {"warren_server_weight", Kind::gauge, "Weight as configured, ordered or set by its checks.", "",
     [](const ServerRow& s) { return number(weight_of(*s.record)); }},
    {"warren_server_effective_weight", Kind::gauge, "Weight times its factors of health.", "",
     [](const ServerRow& s) { return share(server_weight(*s.record)); }},
    {"warren_server_flows", Kind::gauge, "Connections now.", "",
     [](const ServerRow& s) { return number(s.counts.active); }},
    {"warren_server_local_ports_used_ratio", Kind::gauge,
     "Share of its local ports that the fullest worker uses (FNAT).", "",
     [](const ServerRow& s) { return s.ports_used; }},
    {"warren_server_check_up", Kind::gauge, "Whether the last check passed; 1 without checks.", "",
     [](const ServerRow& s) { return number(!s.record->check.known || s.record->check.ok); }},
    {"warren_server_check_duration_seconds", Kind::gauge, "How long the last check took.", "",
     [](const ServerRow& s) { return static_cast<double>(s.record->check.latency_ns) / 1e9; }},
    {"warren_server_last_change_timestamp_seconds", Kind::gauge,
     "When its state last changed; 0: not since the start.", "",
     [](const ServerRow& s) { return wall_s(*s.view, s.record->since_ns); }},
    {"warren_server_connections_total", Kind::counter, "Connections given to it.", "",
     [](const ServerRow& s) { return number(s.counts.connections); }},
    {"warren_server_refused_total", Kind::counter, "SYNs that it answered with RST.", "",
     [](const ServerRow& s) { return number(s.counts.refused); }},
    {"warren_server_unanswered_total", Kind::counter, "SYNs that it never answered.", "",
     [](const ServerRow& s) { return number(s.counts.unanswered); }},
    {"warren_server_bytes_total", Kind::counter,
     "Bytes forwarded: in to the server, out of it to clients.", R"(direction="in")",
     [](const ServerRow& s) { return number(s.counts.to_server_bytes); }},
    {"warren_server_bytes_total", Kind::counter, "", R"(direction="out")",
     [](const ServerRow& s) { return number(s.counts.to_client_bytes); }},
    {"warren_server_connects_total", Kind::counter, "SYNs that it answered with SYN-ACK.", "",
     [](const ServerRow& s) { return number(s.tally.connects); }},
    {"warren_server_connect_seconds_total", Kind::counter,
     "Time that it took to answer them, in all.", "",
     [](const ServerRow& s) { return s.tally.connect_sum_s; }},
};

void add_server_states(Exposition& out, const std::vector<ServerRow>& servers) {
    out.begin("warren_server_state", Kind::gauge, "1 for the state that the server is in.");
    std::array<std::string, server_states.size()> labels;
    std::transform(server_states.begin(), server_states.end(), labels.begin(),
                   [](std::string_view state) { return label("state", state); });
    for (const ServerRow& server : servers)
        for (std::size_t i = 0; i < server_states.size(); ++i)
            out.add(server.state == server_states[i], server.labels, labels[i]);
}

}  // namespace

void add_services(Exposition& out, const Pool& pool) {
    add_columns(out, service_columns, pool.services);
    add_server_counts(out, pool);
    add_endings(out, pool);
    add_connect_times(out, pool.services);
}

void add_servers(Exposition& out, const Pool& pool) {
    add_server_states(out, pool.servers);
    add_columns(out, server_columns, pool.servers);
}

}  // namespace warren::metrics
