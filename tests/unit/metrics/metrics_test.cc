// SPDX-License-Identifier: BSD-3-Clause
// What Prometheus gets: every counter, each series once, within bounds.
#include "metrics/metrics.h"

#include <chrono>
#include <map>
#include <set>
#include <sstream>

#include "metrics/config_hash.h"
#include "metrics/pool_rows.h"
#include "unit/metrics/facts_fixture.h"

namespace warren::metrics {
namespace {

class Metrics : public FactsFixture {
  protected:
    std::string text(Scopes scopes = all_scopes) { return text_of(Scrape(scopes)); }
    // Series -> value.
    std::map<std::string, double> series(Scopes scopes = all_scopes) {
        std::map<std::string, double> all;
        std::istringstream in(text(scopes));
        for (std::string line; std::getline(in, line);) {
            if (line.starts_with('#')) continue;
            const std::size_t blank = line.rfind(' ');
            EXPECT_TRUE(
                all.emplace(line.substr(0, blank), std::stod(line.substr(blank + 1))).second)
                << "twice: " << line;
        }
        return all;
    }
    double value(const std::string& name) {
        const auto all = series();
        const auto found = all.find(name);
        if (found == all.end()) {
            ADD_FAILURE() << "no " << name;
            return -1;
        }
        return found->second;
    }
};

TEST_F(Metrics, EachFamilyIsBegunOnceAndNamedWell) {
    std::set<std::string> begun;
    std::istringstream in(text());
    for (std::string line, family, kind; std::getline(in, line);) {
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_TRUE(begun.insert(family).second) << family << " is begun twice";
            EXPECT_GT(line.size(), 8 + family.size()) << family << " has no help";
        } else if (line.starts_with("# TYPE ")) {
            kind = line.substr(line.rfind(' ') + 1);
            EXPECT_EQ(kind == "counter", family.ends_with("_total")) << line;
        } else {
            EXPECT_TRUE(line.starts_with(family)) << line << " in " << family;
        }
    }
    EXPECT_GT(begun.size(), 70U);
}

TEST_F(Metrics, ARouterIsInOneState) {
    const std::string labels = R"({router="A",vrid="51",interface="eth0",state=)";
    EXPECT_EQ(value("warren_vrrp_state" + labels + R"("master"})"), 1);
    EXPECT_EQ(value("warren_vrrp_state" + labels + R"("backup"})"), 0);
    EXPECT_EQ(value("warren_vrrp_state" + labels + R"("fault"})"), 0);
    state_->routers[0].status.faults = 1;
    EXPECT_EQ(value(R"(warren_vrrp_fault{router="A",cause="link_down"})"), 1);
    EXPECT_EQ(value(R"(warren_vrrp_fault{router="A",cause="tracked"})"), 0);
}

TEST_F(Metrics, ServersAddUpOverWorkersAndServices) {
    for (int worker = 0; worker < 2; ++worker) {
        exchange_.workers[worker]->servers[0].active.set(10);
        exchange_.workers[worker]->servers[1].active.set(1);
        exchange_.workers[worker]->servers[1].to_client_bytes.set(500);
    }
    const std::string first = R"({service="192.168.8.100:5672",server="192.168.8.11:5672"})";
    EXPECT_EQ(value("warren_server_flows" + first), 20);
    EXPECT_EQ(value(R"(warren_service_flows{service="192.168.8.100:5672"})"), 22);
    EXPECT_EQ(value(R"(warren_service_bytes_total{service="192.168.8.100:5672",direction="out"})"),
              1'000);
    EXPECT_EQ(value("warren_server_weight" + first), 1);
    EXPECT_EQ(value(R"(warren_worker_flows{worker="1"})"), 11);
}

TEST_F(Metrics, AServiceIsTheSumOfItsServersInHoweverManySteps) {
    constexpr int many = 5 * static_cast<int>(servers_per_step) / 2;
    state_ = long_state(many);
    for (int server = 0; server <= many; ++server)
        exchange_.workers[0]->servers[server].active.set(1);
    state_->servers[many - 1].health.set_excluded(true);
    const auto all = series();
    const std::string first = R"({service="192.168.8.100:5672")";
    const std::string last = R"({service="192.168.8.100:5673")";
    EXPECT_EQ(all.at("warren_service_flows" + first + "}"), many);
    EXPECT_EQ(all.at("warren_service_flows" + last + "}"), 1);
    EXPECT_EQ(all.at("warren_service_servers" + first + R"(,state="up"})"), many - 1);
    EXPECT_EQ(all.at("warren_service_servers" + first + R"(,state="down"})"), 1);
    const auto is_of_server = [](const auto& one) {
        return one.first.starts_with("warren_server_weight{");
    };
    EXPECT_EQ(std::count_if(all.begin(), all.end(), is_of_server), many + 1);
}

TEST_F(Metrics, CountersGoOnWhoeverHadTheIndexBefore) {
    exchange_.workers[0]->servers[0].connections.set(10);
    state_->servers[0].before.connections = 7;
    EXPECT_EQ(value("warren_server_attempts_total"
                    R"({service="192.168.8.100:5672",server="192.168.8.11:5672"})"),
              3);
}

TEST_F(Metrics, AServiceIsUpWhileAServerTakesConnections) {
    const std::string up = R"(warren_service_up{service="192.168.8.100:5672"})";
    const std::string down = R"(warren_service_servers{service="192.168.8.100:5672",state="down"})";
    EXPECT_EQ(value(up), 1);
    EXPECT_EQ(value(down), 0);
    state_->servers[0].health.set_excluded(true);
    EXPECT_EQ(value(up), 1);
    EXPECT_EQ(value(down), 1);
    state_->servers[1].health.set_excluded(true);
    EXPECT_EQ(value(up), 0);
    EXPECT_EQ(value(R"(warren_health_reason{reason="server_down"})"), 2);
}

TEST_F(Metrics, NoCounterOfAWorkerIsMissing) {
    std::uint64_t next = 1'000'000;
    const auto mark = [&](exchange::Counter& counter) { counter.set(next++ * 1'000'000'000); };
    for (const auto& named : exchange::worker_counters)
        mark(exchange_.workers[0]->counters.*named.counter);
    for (exchange::Counter& counter : exchange_.workers[0]->counters.drops)
        mark(counter);
    for (exchange::Counter& counter : exchange_.workers[0]->counters.refusals)
        mark(counter);
    std::multiset<double> shown;
    for (const auto& [name, value] : series(1U << static_cast<unsigned>(Scope::worker)))
        shown.insert(value);
    for (std::uint64_t number = 1'000'000; number < next; ++number) {
        const auto as_counted = static_cast<double>(number) * 1e9;
        const auto as_seconds = static_cast<double>(number);
        EXPECT_EQ(shown.count(as_counted) + shown.count(as_seconds), 1U) << number - 1'000'000;
    }
}

TEST_F(Metrics, TheHistogramIsCumulative) {
    for (const std::uint32_t us : {400U, 700U, 9'000'000U})
        tally_.take({.server = 0, .service = 0, .latency_us = us});
    const std::string bucket =
        R"(warren_service_connect_seconds_bucket{service="192.168.8.100:5672",le=)";
    EXPECT_EQ(value(bucket + R"("0.0005"})"), 1);
    EXPECT_EQ(value(bucket + R"("0.001"})"), 2);
    EXPECT_EQ(value(bucket + R"("2.5"})"), 2);
    EXPECT_EQ(value(bucket + R"("+Inf"})"), 3);
    EXPECT_EQ(value(R"(warren_service_connect_seconds_count{service="192.168.8.100:5672"})"), 3);
}

TEST_F(Metrics, AServerHasItsOwnHistogramWhileThereAreNotTooMany) {
    tally_.take({.server = 1, .service = 0, .latency_us = 700});
    const std::string labels = R"({service="192.168.8.100:5672",server="192.168.8.12:5672")";
    EXPECT_EQ(value("warren_server_connect_seconds_bucket" + labels + R"(,le="0.001"})"), 1);
    EXPECT_EQ(value("warren_server_connect_seconds_count" + labels + "}"), 1);
    EXPECT_EQ(value("warren_server_connections_total" + labels + "}"), 1);
    state_->servers.resize(most_servers_with_histogram + 1, state_->servers[0]);
    EXPECT_EQ(text().find("warren_server_connect_seconds"), std::string::npos);
    EXPECT_NE(text(*read_scopes("connect")).find("warren_server_connect_seconds"),
              std::string::npos);
}

TEST_F(Metrics, WhoGotRstFromUsIsCountedByService) {
    const std::string service = R"({service="192.168.8.100:5672")";
    for (int worker = 0; worker < 2; ++worker) {
        exchange_.workers[worker]->services[0].no_server.set(10);
        exchange_.workers[worker]->services[0].no_port.set(20);
        exchange_.workers[worker]->services[0].table_full.set(30);
        exchange_.workers[worker]->services[0].strays.set(40);
    }
    tally_.begin_service(0, {.no_server = 1, .no_local_port = 2, .table_full = 3, .strays = 4});
    EXPECT_EQ(value("warren_service_refused_total" + service + R"(,reason="no_server"})"), 19);
    EXPECT_EQ(value("warren_service_refused_total" + service + R"(,reason="no_local_port"})"), 38);
    EXPECT_EQ(value("warren_service_refused_total" + service + R"(,reason="table_full"})"), 57);
    EXPECT_EQ(value("warren_service_strays_total" + service + "}"), 76);
}

TEST_F(Metrics, AServiceKeepsWhatItsServersHadCarried) {
    exchange_.workers[0]->servers[0].connections.set(10);
    exchange_.workers[1]->servers[1].connections.set(5);
    exchange_.workers[1]->servers[1].active.set(5);
    const std::string all = R"(warren_service_connections_total{service="192.168.8.100:5672"})";
    EXPECT_EQ(value(all), 15);
    state_->servers[1].presence = model::Presence::removed;
    tally_.keep(0, counts_of(*state_, exchange_, 1));
    EXPECT_EQ(value(all), 15) << "a counter never goes back";
    EXPECT_EQ(value(R"(warren_service_flows{service="192.168.8.100:5672"})"), 0);
}

TEST_F(Metrics, AServiceIsOwnedByTheMaster) {
    const std::string owned = R"(warren_service_owned{service="192.168.8.100:5672"})";
    EXPECT_EQ(value(owned), 1);
    state_->routers[0].status.state = vrrp::State::backup;
    EXPECT_EQ(value(owned), 0);
}

TEST_F(Metrics, ChecksAndChangesOfAServerAreCounted) {
    const std::string labels = R"({service="192.168.8.100:5672",server="192.168.8.11:5672")";
    state_->servers[0].checks_passed = 8;
    state_->servers[0].checks_failed = 2;
    state_->servers[0].health.set_excluded(true);
    model::note_change(state_->servers[0], "test", model::start_ns);
    model::note_change(state_->servers[0], "another reason", model::start_ns);
    EXPECT_EQ(value("warren_server_checks_total" + labels + R"(,result="passed"})"), 8);
    EXPECT_EQ(value("warren_server_checks_total" + labels + R"(,result="failed"})"), 2);
    EXPECT_EQ(value("warren_server_transitions_total" + labels + R"(,to="down"})"), 1);
    EXPECT_EQ(value("warren_server_transitions_total" + labels + R"(,to="up"})"), 0);
}

TEST_F(Metrics, TheMachineHasFlapsBuffersAndHandoffs) {
    state_->ports[0].flaps = 3;
    state_->routers[0].entered[static_cast<std::size_t>(vrrp::State::master)] = 4;
    exchange_.workers[1]->half_open_flows.set(6);
    exchange_.workers[1]->counters.handoff_in.set(7);
    buffers_ = {{"packets", 100, 28}};
    EXPECT_EQ(value(R"(warren_port_flaps_total{interface="eth0"})"), 3);
    EXPECT_EQ(value(R"(warren_vrrp_transitions_total{router="A",to="master"})"), 4);
    EXPECT_EQ(value(R"(warren_worker_half_open_flows{worker="1"})"), 6);
    EXPECT_EQ(value(R"(warren_worker_handoffs_total{worker="1",direction="in"})"), 7);
    EXPECT_EQ(value(R"(warren_mbufs{pool="packets",state="used"})"), 28);
}

TEST_F(Metrics, TheHashIsOfWhatAPairHasAlike) {
    const std::string before = common_hash(state_->config);
    EXPECT_EQ(before.size(), 16U);
    EXPECT_EQ(value("warren_config_info{hash=\"" + before + "\"}"), 1);
    config::Config other = state_->config;
    other.vrrp_instances[0].priority = 99;
    other.vrrp_instances[0].interface = "eth7";
    std::swap(other.virtual_servers[0].real_servers[0], other.virtual_servers[0].real_servers[1]);
    EXPECT_EQ(common_hash(other), before);
    other.virtual_servers[0].real_servers[0].weight = 9;
    EXPECT_NE(common_hash(other), before);
    other = state_->config;
    other.vrrp_instances[0].advert_int_ns += 1;
    EXPECT_NE(common_hash(other), before);
}

TEST_F(Metrics, FlowSyncIsThereWhereItIs) {
    EXPECT_EQ(text().find("warren_sync_"), std::string::npos);
    for (const auto& worker : exchange_.workers)
        worker->sync = std::make_unique<exchange::SyncLink>();
    exchange_.workers[1]->sync->refused[0].set(3);
    EXPECT_EQ(value(R"(warren_sync_refused_total{reason="unknown_vip"})"), 3);
}

TEST_F(Metrics, ScopesAreReadAndKept) {
    EXPECT_EQ(read_scopes(""), all_scopes);
    EXPECT_EQ(read_scopes("process,vrrp,service,server,connect,worker,port"), all_scopes);
    EXPECT_EQ(read_scopes("vrrp"), 2);
    for (const char* wrong : {"x", ",", "vrrp,x", "VRRP", " vrrp"})
        EXPECT_FALSE(read_scopes(wrong)) << wrong;
    std::size_t sum = 0;
    for (unsigned bit = 0; bit < static_cast<unsigned>(Scope::count_); ++bit)
        sum += series(static_cast<Scopes>(1U << bit)).size();
    EXPECT_EQ(sum, series().size());
    EXPECT_EQ(text(2).find("warren_server_"), std::string::npos);
}

TEST_F(Metrics, AServerHasTwentyFourSeries) {
    EXPECT_EQ(series(1U << static_cast<unsigned>(Scope::server)).size(), 2 * 24U);
}

}  // namespace
}  // namespace warren::metrics
