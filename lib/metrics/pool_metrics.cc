// SPDX-License-Identifier: BSD-3-Clause
// Virtual_servers and real_servers.
#include <algorithm>
#include <array>

#include "metrics/families.h"
#include "model/builder.h"

namespace warren::metrics {
namespace {

// ---- services

constexpr Column<ServiceRow> service_columns[] = {
    {"warren_service_up", Kind::gauge, "Whether some real_server takes new connections.", "",
     [](const ServiceRow& s) { return number(s.sums.is_up); }},
    {"warren_service_owned", Kind::gauge, "Whether its address is here: its router is master.", "",
     [](const ServiceRow& s) { return number(s.is_owned); }},
    {"warren_service_quorum", Kind::gauge, "Whether it has its quorum.", "",
     [](const ServiceRow& s) { return number(s.record->has_quorum); }},
    {"warren_service_flows", Kind::gauge, "Connections now.", "",
     [](const ServiceRow& s) { return number(s.sums.counts.active); }},
    {"warren_service_local_ports_used_ratio", Kind::gauge,
     "Share of its local ports that the fullest worker uses towards one server (FNAT).", "",
     [](const ServiceRow& s) { return s.sums.ports_used; }},
    {"warren_service_connections_total", Kind::counter, "Connections given to its servers.", "",
     [](const ServiceRow& s) { return number(s.sums.counts.connections); }},
    {"warren_service_bytes_total", Kind::counter,
     "Bytes forwarded: in from clients, out to clients.", R"(direction="in")",
     [](const ServiceRow& s) { return number(s.sums.counts.to_server_bytes); }},
    {"warren_service_bytes_total", Kind::counter, "", R"(direction="out")",
     [](const ServiceRow& s) { return number(s.sums.counts.to_client_bytes); }},
    {"warren_service_packets_total", Kind::counter,
     "Frames forwarded: in from clients, out to clients.", R"(direction="in")",
     [](const ServiceRow& s) { return number(s.sums.counts.to_server_frames); }},
    {"warren_service_packets_total", Kind::counter, "", R"(direction="out")",
     [](const ServiceRow& s) { return number(s.sums.counts.to_client_frames); }},
    {"warren_service_refused_total", Kind::counter,
     "SYNs that got RST from us, by what there was none of.", R"(reason="no_server")",
     [](const ServiceRow& s) { return number(s.turned_away.no_server); }},
    {"warren_service_refused_total", Kind::counter, "", R"(reason="no_local_port")",
     [](const ServiceRow& s) { return number(s.turned_away.no_local_port); }},
    {"warren_service_refused_total", Kind::counter, "", R"(reason="table_full")",
     [](const ServiceRow& s) { return number(s.turned_away.table_full); }},
    {"warren_service_strays_total", Kind::counter,
     "Segments of no connection that got RST from us.", "",
     [](const ServiceRow& s) { return number(s.turned_away.strays); }},
};

void add_server_counts(Exposition& out, const std::vector<ServiceRow>& services) {
    out.begin("warren_service_servers", Kind::gauge, "Its servers, by state.");
    for (const ServiceRow& service : services)
        for (std::size_t i = 0; i < server_states.size(); ++i)
            out.add(number(service.sums.states[i]), service.labels,
                    label("state", server_states[i]));
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

template <typename Row>
void add_connect_times(Exposition& out, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        const ConnectTimes& times = row.tally.connects;
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < times.buckets.size(); ++i)
            out.add_part("_bucket", number(sum += times.buckets[i]), row.labels, bucket_labels[i]);
        out.add_part("_sum", times.sum_s, row.labels);
        out.add_part("_count", number(times.count), row.labels);
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
    {"warren_server_connections_total", Kind::counter, "Connections that it has answered.", "",
     [](const ServerRow& s) { return number(s.tally.connections); }},
    {"warren_server_attempts_total", Kind::counter, "SYNs given to it.", "",
     [](const ServerRow& s) { return number(s.counts.connections); }},
    {"warren_server_refused_total", Kind::counter, "SYNs that it answered with RST.", "",
     [](const ServerRow& s) { return number(s.counts.refused); }},
    {"warren_server_unanswered_total", Kind::counter, "SYNs that it never answered.", "",
     [](const ServerRow& s) { return number(s.counts.unanswered); }},
    {"warren_server_resets_total", Kind::counter, "Connections that it ended with RST.", "",
     [](const ServerRow& s) { return number(s.tally.resets); }},
    {"warren_server_checks_total", Kind::counter, "Checks of it, by what they found.",
     R"(result="passed")", [](const ServerRow& s) { return number(s.record->checks_passed); }},
    {"warren_server_checks_total", Kind::counter, "", R"(result="failed")",
     [](const ServerRow& s) { return number(s.record->checks_failed); }},
    {"warren_server_transitions_total", Kind::counter,
     "How often it began (up) and stopped (down) taking new connections.", R"(to="up")",
     [](const ServerRow& s) { return number(s.record->came_up); }},
    {"warren_server_transitions_total", Kind::counter, "", R"(to="down")",
     [](const ServerRow& s) { return number(s.record->went_down); }},
    {"warren_server_bytes_total", Kind::counter,
     "Bytes forwarded: in to the server, out of it to clients.", R"(direction="in")",
     [](const ServerRow& s) { return number(s.counts.to_server_bytes); }},
    {"warren_server_bytes_total", Kind::counter, "", R"(direction="out")",
     [](const ServerRow& s) { return number(s.counts.to_client_bytes); }},
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
    add_server_counts(out, pool.services);
    add_endings(out, pool);
    out.begin("warren_service_connect_seconds", Kind::histogram,
              "From the SYN given to a server to its SYN-ACK.");
    add_connect_times(out, pool.services);
}

void add_servers(Exposition& out, const Pool& pool) {
    add_server_states(out, pool.servers);
    add_columns(out, server_columns, pool.servers);
}

void add_connects(Exposition& out, const Pool& pool) {
    out.begin("warren_server_connect_seconds", Kind::histogram,
              "From the SYN given to it to its SYN-ACK, or until another server got the SYN.");
    add_connect_times(out, pool.servers);
}

}  // namespace warren::metrics
