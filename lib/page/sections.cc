// SPDX-License-Identifier: BSD-3-Clause
#include "page/sections.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <span>

#include "model/builder.h"
#include "page/html.h"

namespace warren::page {
namespace {

std::string section(const std::string& title, const std::string& aside, const std::string& body) {
    return "<section><div class=\"head\"><h2>" + title + "</h2>" +
           (aside.empty() ? "" : "<span class=\"soft\">" + aside + "</span>") + "</div>" + body +
           "</section>\n";
}

std::string heads(std::initializer_list<std::string_view> names) {
    std::string html = "<thead><tr>";
    for (std::string_view name : names) {
        const bool is_live = name.starts_with('~');
        if (is_live) name.remove_prefix(1);
        const bool is_number = name.starts_with('#');
        if (is_number) name.remove_prefix(1);
        html += "<th scope=\"col\"";
        if (is_live || is_number)
            html +=
                std::string(" class=\"") + (is_live ? "js " : "") + (is_number ? "n" : "") + "\"";
        html.append(">").append(name).append("</th>");
    }
    return html + "</tr></thead>";
}

std::string row_head(const std::string& name) {
    return "<th scope=\"row\">" + escaped(name) + "</th>";
}

std::string left_out(std::size_t count, const char* command) {
    return "<p class=\"empty\">" + grouped(count) + " more: <code>" + command + "</code></p>";
}

// ---- the line at the top

std::string role(const views::ViewContext& view) {
    std::size_t all = 0, masters = 0, faults = 0;
    for (const model::RouterState& router : view.state.routers) {
        if (!speaks_vrrp(router)) continue;
        ++all;
        masters += is_master(router) ? 1 : 0;
        faults += router.status.state == vrrp::State::fault ? 1 : 0;
    }
    if (all == 0) return "NO ROUTER";
    if (masters == all) return "MASTER";
    if (masters != 0) return "MASTER of " + std::to_string(masters) + "/" + std::to_string(all);
    return faults != 0 ? "FAULT" : "BACKUP";
}

std::string_view colour_of(verdict::Level level) {
    if (level == verdict::Level::ok) return "ok";
    return level == verdict::Level::down ? "bad" : "warn";
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

bool is_up(const metrics::ServerRow& server) {
    return server.state == "up" || server.state == "blocked";
}

// Without sorry_servers: "3/3".
std::string servers_up(std::span<const metrics::ServerRow> servers) {
    std::size_t up = 0, all = 0;
    for (const metrics::ServerRow& server : servers) {
        if (server.record->is_sorry) continue;
        ++all;
        up += is_up(server) ? 1 : 0;
    }
    return std::to_string(up) + "/" + std::to_string(all);
}

// ---- routers

std::string_view colour_of(vrrp::State state) {
    return state == vrrp::State::master ? "ok" : state == vrrp::State::fault ? "bad" : "";
}

std::string master_of(const model::RouterState& router) {
    if (is_master(router)) return "this one";
    if (router.status.master_address.is_unspecified()) return "not known";
    return router.status.master_address.to_string();
}

std::string address_list(const model::RouterState& router) {
    constexpr std::size_t most = 6;
    const auto& all = router.config->virtual_ipaddress;
    std::string text;
    for (std::size_t i = 0; i < std::min(all.size(), most); ++i)
        text += (i == 0 ? "" : ", ") + all[i].prefix.to_string();
    if (all.size() > most) text += " and " + std::to_string(all.size() - most) + " more";
    return text;
}

std::string priority_text(const model::RouterState& router) {
    if (!speaks_vrrp(router)) return "–";
    const unsigned now = router.status.effective_priority;
    const unsigned base = router.plan->settings.priority;
    return std::to_string(now) + (now == base ? "" : " of " + std::to_string(base));
}

// A backup is silent: a master that hears nobody is as it should be.
std::string heard_text(const views::ViewContext& view, const vrrp::Status& status) {
    if (status.last_heard_ns == 0) return status.state == vrrp::State::master ? "–" : "never";
    return age_text(ms_since(view, status.last_heard_ns)) + " ago";
}

std::string router_row(const views::ViewContext& view, const model::RouterState& router) {
    const vrrp::Status& status = router.status;
    const std::uint64_t age_ms = ms_since(view, status.since_ns);
    return "<tr>" + row_head(router.config->name) +
           cell({"State", badge(vrrp::name(status.state), colour_of(status.state))}) +
           cell({"For", age_text(age_ms), std::to_string(age_ms), "n"}) +
           cell({"Priority", priority_text(router), std::to_string(status.effective_priority),
                 "n"}) +
           cell({"Master", escaped(master_of(router))}) +
           cell({"Peer heard", heard_text(view, status)}) +
           cell({"Addresses", escaped(address_list(router)), "", "text"}) + "</tr>";
}

// ---- services

std::string_view colour_of_state(const std::string& state) {
    if (state == "up") return "ok";
    if (state == "down") return "bad";
    return state == "standby" ? "" : "warn";
}

std::string weight_text(const model::ServerRecord& server) {
    const double effective = static_cast<double>(server_weight(server)) / balance::factor_one;
    std::string configured = std::to_string(weight_of(server));
    if (std::abs(effective - weight_of(server)) < 0.05) return configured;
    const auto tenths = std::lround(effective * 10);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " of " + configured;
}

std::string check_text(const model::LastCheck& check) {
    if (!check.known) return "<span class=\"soft\">none</span>";
    if (!check.ok) return escaped(check.text);
    return ms_text(static_cast<double>(check.latency_ns) / 1e6);
}

// As the page's script writes it.
std::string rate_text(double per_second) {
    if (per_second == 0) return "0";
    const auto tenths = std::lround(per_second * 10);
    if (per_second >= 10) return std::to_string(std::lround(per_second));
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string server_row(const metrics::ServiceRow& service, const metrics::ServerRow& server) {
    const model::ServerRecord& record = *server.record;
    const std::uint64_t age_ms = ms_since(*server.view, record.since_ns);
    const std::string name = name_of(record);
    const std::uint64_t refused = server.counts.refused + server.counts.unanswered;
    return "<tr id=\"" + escaped(name_of(*service.record) + "/" + name) + "\" data-connections=\"" +
           std::to_string(server.counts.connections) + "\" data-refused=\"" +
           std::to_string(refused) + "\">" + row_head(name) +
           cell({"State",
                 badge(server.state, colour_of_state(server.state)) +
                     (record.is_sorry ? " <span class=\"soft\">sorry_server</span>" : "")}) +
           cell({"For", age_text(age_ms), std::to_string(age_ms), "n"}) +
           cell({"Weight", weight_text(record), std::to_string(server_weight(record)), "n"}) +
           cell({"Connections", grouped(server.counts.active), std::to_string(server.counts.active),
                 "n"}) +
           cell({"New/s", rate_text(record.rates.connections.per_second()), "", "n",
                 "data-rate=\"connections\""}) +
           cell({"Last 10 min", "", "", "js", "data-curve"}) +
           cell({"Refused/s", rate_text(static_cast<double>(record.refusals.recent()) / 10), "",
                 "n", "data-rate=\"refused\""}) +
           cell({"Check", check_text(record.check), "", "text"}) + "</tr>";
}

std::string service_aside(const metrics::ServiceRow& service,
                          std::span<const metrics::ServerRow> servers) {
    const config::VirtualServer& config = *service.record->config;
    std::string text = std::string(config::to_text(config.lb_algo)) + ", " +
                       config::to_text(config.lb_kind) + " · " + servers_up(servers) + " up · " +
                       grouped(service.sums.counts.active) + " connections";
    if (const double used = service.sums.ports_used; used >= 0.01)
        text += " · " + std::to_string(std::lround(used * 100)) + " % of local ports";
    return text;
}

std::string service_section(const metrics::ServiceRow& service, const metrics::Pool& pool,
                            std::size_t number, std::size_t& room) {
    const auto servers =
        std::span(pool.servers).subspan(service.first, service.end - service.first);
    const std::size_t shown = std::min(room, servers.size());
    room -= shown;
    std::string rows;
    for (const metrics::ServerRow& server : servers.first(shown))
        rows += server_row(service, server);
    const std::string table = "<div class=\"wide\"><table class=\"cards\" data-sort id=\"service" +
                              std::to_string(number) + "\">" +
                              heads({"Server", "State", "#For", "#Weight", "#Connections", "#New/s",
                                     "~Last 10 min", "#Refused/s", "Check"}) +
                              "<tbody>" + rows + "</tbody></table></div>";
    const std::string title =
        escaped(name_of(*service.record)) + " " +
        (service.sums.is_up ? badge("serves", "ok") : badge("no server", "bad")) +
        (service.record->has_quorum || !service.record->quorum_known
             ? ""
             : " " + badge("no quorum", "warn"));
    std::string html = section(title, service_aside(service, servers), table);
    if (shown < servers.size()) html += left_out(servers.size() - shown, "warrenctl show servers");
    return html;
}

std::string_view colour_of(journal::EventLevel level) {
    if (level == journal::EventLevel::info) return "";
    return level == journal::EventLevel::error ? "bad" : "warn";
}

}  // namespace

std::string status_line(const metrics::Facts& facts, const metrics::Pool& pool,
                        const std::vector<verdict::Reason>& reasons) {
    const views::ViewContext& view = facts.view;
    const verdict::Level level = verdict::level_of(reasons);
    const std::string what = role(view) + " " + servers_up(pool.servers);
    const std::string title =
        (level == verdict::Level::down ? "DOWN " : "") + what + " – " + view.process.instance;
    return "<div id=\"status\" class=\"facts\" data-level=\"" + std::string(name(level)) +
           "\" data-title=\"" + escaped(title) + "\"><span class=\"badge verdict " +
           std::string(colour_of(level)) + "\">" + upper(name(level)) + "</span> " +
           badge(what + " up", "") + " " + escaped(view.process.instance) + " · warren " +
           escaped(view.process.version) + " · up " +
           age_text(ms_since(view, view.process.started_ns)) + "</div>";
}

std::string reason_section(const std::vector<verdict::Reason>& reasons) {
    if (reasons.empty()) return {};
    std::string list = "<ul class=\"reasons\">";
    for (const verdict::Reason& reason : reasons)
        list += "<li>" + badge(name(reason.level), colour_of(reason.level)) + "<span>" +
                escaped(reason.text) + "</span><code>" + escaped(reason.look) + "</code></li>";
    return section("What is wrong now", "", list + "</ul>");
}

std::string router_section(const views::ViewContext& view) {
    std::string rows;
    std::size_t shown = 0, left = 0;
    for (const model::RouterState& router : view.state.routers) {
        if (!is_served(router)) continue;
        if (shown == most_routers) {
            ++left;
            continue;
        }
        ++shown;
        rows += router_row(view, router);
    }
    std::string html = section(
        "Virtual routers", "",
        "<div class=\"wide\"><table class=\"cards\" data-sort id=\"routers\">" +
            heads({"Router", "State", "#For", "#Priority", "Master", "Peer heard", "Addresses"}) +
            "<tbody>" + rows + "</tbody></table></div>");
    if (left != 0) html += left_out(left, "warrenctl show vrrp");
    return html;
}

std::string service_sections(const metrics::Pool& pool) {
    std::size_t room = most_servers;
    std::string html;
    for (std::size_t i = 0; i < pool.services.size(); ++i)
        html += service_section(pool.services[i], pool, i, room);
    return html;
}

std::string ending_section(const metrics::Pool& pool) {
    std::vector<std::pair<std::uint64_t, std::string_view>> causes;
    for (std::size_t i = 0; i < metrics::ending_count; ++i) {
        std::uint64_t sum = 0;
        for (const metrics::ServiceRow& service : pool.services)
            sum += service.tally.endings[i];
        if (sum != 0) causes.emplace_back(sum, metrics::ending_name(i));
    }
    std::sort(causes.rbegin(), causes.rend());
    if (causes.empty())
        return section("Why connections ended", "",
                       "<p class=\"empty\">None has ended since the start.</p>");
    std::string rows;
    for (const auto& [count, cause] : causes)
        rows += "<tr>" + row_head(std::string(cause)) +
                cell({"Connections", grouped(count), std::to_string(count), "n"}) + "</tr>";
    return section("Why connections ended", "since the start",
                   "<div class=\"wide\"><table>" + heads({"Cause", "#Connections"}) + "<tbody>" +
                       rows + "</tbody></table></div>");
}

std::string worker_section(const views::ViewContext& view) {
    std::string rows;
    for (std::size_t i = 0; i < view.exchange.workers.size(); ++i) {
        std::uint64_t flows = 0;
        for (std::size_t server = 0; server < view.state.servers.size(); ++server)
            flows += view.exchange.workers[i]->servers[server].active.value();
        const double busy = i < view.busy.size() ? view.busy[i] : 0;
        rows +=
            "<tr>" + row_head("worker " + std::to_string(i)) +
            cell({"Busy", std::to_string(std::lround(busy * 100)) + " %", "", "n"}) +
            cell({"Connections",
                  grouped(flows) + " of " + grouped(view.state.config.dataplane.flows), "", "n"}) +
            "</tr>";
    }
    return section("Workers", "",
                   "<div class=\"wide\"><table>" + heads({"Worker", "#Busy", "#Connections"}) +
                       "<tbody>" + rows + "</tbody></table></div>");
}

std::string event_section(const journal::EventLog& events) {
    std::string rows;
    events.from(events.newest(most_events), [&](const journal::Event& event) {
        const std::string time = journal::wall_text(event.wall_ms);
        rows.insert(
            0,
            "<tr>" +
                cell({"Time", "<span class=\"date\">" + escaped(time.substr(0, 10)) + "</span> " +
                                  escaped(time.substr(std::min<std::size_t>(11, time.size())))}) +
                cell({"Level", badge(name(event.level), colour_of(event.level))}) +
                cell({"Event", escaped(event.text), "", "text"}) + "</tr>");
        return true;
    });
    return section("Events", "the last " + std::to_string(most_events) + ", the newest first",
                   "<div class=\"wide events\" tabindex=\"0\" role=\"region\" "
                   "aria-label=\"Events\"><table>" +
                       heads({"Time", "Level", "Event"}) + "<tbody>" + rows +
                       "</tbody></table></div>");
}

}  // namespace warren::page
