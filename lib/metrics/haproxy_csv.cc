// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/haproxy_csv.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "model/builder.h"

namespace warren::metrics {
namespace {

// The static columns, which no module of HAProxy's adds.
constexpr std::array<std::string_view, 98> csv_columns{"pxname",
                                                       "svname",
                                                       "qcur",
                                                       "qmax",
                                                       "scur",
                                                       "smax",
                                                       "slim",
                                                       "stot",
                                                       "bin",
                                                       "bout",
                                                       "dreq",
                                                       "dresp",
                                                       "ereq",
                                                       "econ",
                                                       "eresp",
                                                       "wretr",
                                                       "wredis",
                                                       "status",
                                                       "weight",
                                                       "act",
                                                       "bck",
                                                       "chkfail",
                                                       "chkdown",
                                                       "lastchg",
                                                       "downtime",
                                                       "qlimit",
                                                       "pid",
                                                       "iid",
                                                       "sid",
                                                       "throttle",
                                                       "lbtot",
                                                       "tracked",
                                                       "type",
                                                       "rate",
                                                       "rate_lim",
                                                       "rate_max",
                                                       "check_status",
                                                       "check_code",
                                                       "check_duration",
                                                       "hrsp_1xx",
                                                       "hrsp_2xx",
                                                       "hrsp_3xx",
                                                       "hrsp_4xx",
                                                       "hrsp_5xx",
                                                       "hrsp_other",
                                                       "hanafail",
                                                       "req_rate",
                                                       "req_rate_max",
                                                       "req_tot",
                                                       "cli_abrt",
                                                       "srv_abrt",
                                                       "comp_in",
                                                       "comp_out",
                                                       "comp_byp",
                                                       "comp_rsp",
                                                       "lastsess",
                                                       "last_chk",
                                                       "last_agt",
                                                       "qtime",
                                                       "ctime",
                                                       "rtime",
                                                       "ttime",
                                                       "agent_status",
                                                       "agent_code",
                                                       "agent_duration",
                                                       "check_desc",
                                                       "agent_desc",
                                                       "check_rise",
                                                       "check_fall",
                                                       "check_health",
                                                       "agent_rise",
                                                       "agent_fall",
                                                       "agent_health",
                                                       "addr",
                                                       "cookie",
                                                       "mode",
                                                       "algo",
                                                       "conn_rate",
                                                       "conn_rate_max",
                                                       "conn_tot",
                                                       "intercepted",
                                                       "dcon",
                                                       "dses",
                                                       "wrew",
                                                       "connect",
                                                       "reuse",
                                                       "cache_lookups",
                                                       "cache_hits",
                                                       "srv_icur",
                                                       "src_ilim",
                                                       "qtime_max",
                                                       "ctime_max",
                                                       "rtime_max",
                                                       "ttime_max",
                                                       "eint",
                                                       "idle_conn_cur",
                                                       "safe_conn_cur",
                                                       "used_conn_cur"};

// "type" of a line.
constexpr int frontend_type = 0, backend_type = 1, server_type = 2;

class Line {
  public:
    void set(std::string_view column, std::string value) { values_[column] = std::move(value); }
    void set(std::string_view column, std::uint64_t value) { set(column, std::to_string(value)); }

    void append_to(std::string& text) const {
        for (const std::string_view column : csv_columns) {
            if (const auto value = values_.find(column); value != values_.end())
                append_quoted(text, value->second);
            text += ',';
        }
        text += '\n';
    }

  private:
    static void append_quoted(std::string& text, const std::string& value) {
        if (value.find_first_of(",\"\n") == std::string::npos) return void(text += value);
        text += '"';
        for (const char c : value)
            text += c == '"' ? std::string(2, '"') : std::string(1, c);
        text += '"';
    }

    std::map<std::string_view, std::string> values_;
};

// HAProxy's words.
const char* status_of(const ServerRow& server) {
    if (server.state == "up" || server.state == "blocked") return "UP";
    if (server.state == "draining") return "DRAIN";
    if (server.state == "maint") return "MAINT";
    return server.state == "standby" ? "UP" : "DOWN";
}

std::uint64_t seconds_since(const views::ViewContext& view, std::uint64_t then_ns) {
    return ms_since(view, then_ns) / 1000;
}

Line line_of(const model::ServiceRecord& service, const char* name, int type, std::size_t number) {
    Line line;
    line.set("pxname", name_of(service));
    line.set("svname", std::string(name));
    line.set("type", static_cast<std::uint64_t>(type));
    line.set("pid", 1);
    line.set("iid", number);
    line.set("sid", 0);
    line.set("mode", std::string("tcp"));
    return line;
}

void set_counts(Line& line, const PoolCounts& counts) {
    line.set("scur", counts.active);
    line.set("stot", counts.connections);
    line.set("bin", counts.to_server_bytes);
    line.set("bout", counts.to_client_bytes);
}

void set_check(Line& line, const model::LastCheck& check) {
    if (!check.known) return;
    line.set("check_status", std::string(check.ok ? "L7OK" : "L4CON"));
    line.set("check_duration", static_cast<std::uint64_t>(check.latency_ns / 1'000'000));
    line.set("last_chk", check.text);
}

Line server_line(const ServerRow& server, std::size_t number, std::size_t sid) {
    const model::ServerRecord& record = *server.record;
    Line line = line_of(server.view->state.services[record.service], "", server_type, number);
    line.set("svname", name_of(record));
    line.set("addr", name_of(record));
    line.set("sid", sid);
    set_counts(line, server.counts);
    line.set("lbtot", server.counts.connections);
    line.set("econ", server.counts.refused + server.counts.unanswered);
    line.set("status", std::string(status_of(server)));
    line.set("weight", weight_of(record));
    line.set("act", record.is_sorry ? 0 : 1);
    line.set("bck", record.is_sorry ? 1 : 0);
    line.set("lastchg", seconds_since(*server.view, record.since_ns));
    if (record.config->uthreshold != 0) line.set("slim", record.config->uthreshold);
    const ConnectTimes& connects = server.tally.connects;
    if (connects.count != 0)
        line.set("ctime", static_cast<std::uint64_t>(1000 * connects.sum_s /
                                                     static_cast<double>(connects.count)));
    set_check(line, record.check);
    return line;
}

Line frontend_line(const ServiceRow& service, std::size_t number) {
    Line line = line_of(*service.record, "FRONTEND", frontend_type, number);
    set_counts(line, service.sums.counts);
    line.set("status", std::string("OPEN"));
    return line;
}

Line backend_line(const ServiceRow& service, std::size_t number) {
    const PoolSums& sums = service.sums;
    Line line = line_of(*service.record, "BACKEND", backend_type, number);
    set_counts(line, sums.counts);
    line.set("lbtot", sums.counts.connections);
    line.set("econ", sums.counts.refused + sums.counts.unanswered);
    line.set("status", std::string(sums.is_up ? "UP" : "DOWN"));
    line.set("act", sums.in_state("up") + sums.in_state("blocked"));
    line.set("bck", sums.in_state("standby"));
    line.set("algo", std::string(config::to_text(service.record->config->lb_algo)));
    return line;
}

}  // namespace

HaproxyCsv::HaproxyCsv() {
    text_ = "# ";
    for (const std::string_view column : csv_columns)
        text_.append(column).append(",");
    text_ += '\n';
}

// A service is written when its last server is known: a FRONTEND says what all have.
bool HaproxyCsv::step(const Facts& facts) {
    const Pool pool = walk_.next(facts.view, facts.tally, servers_per_step);
    std::size_t next = 0;
    const auto take_servers = [&](std::size_t end) {
        for (; next < end; ++next)
            server_line(pool.servers[next], number_, ++sid_).append_to(servers_);
    };
    for (const ServiceRow& service : pool.services) {
        take_servers(service.end);
        frontend_line(service, number_).append_to(text_);
        text_ += std::exchange(servers_, {});
        backend_line(service, number_).append_to(text_);
        sid_ = 0;
        ++number_;
    }
    take_servers(pool.servers.size());
    return !walk_.is_done();
}

}  // namespace warren::metrics
