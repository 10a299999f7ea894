// SPDX-License-Identifier: BSD-3-Clause
// A file that is read again: who keeps an index and what is known of him, what is refused, when an
// index becomes another's.
#include "model/reload.h"
#include "kernel/next_hop.h"

#include <gtest/gtest.h>

#include <map>

#include "exchange/snapshot.h"
#include "model/builder.h"
#include "model/orders.h"
#include "model/server_state.h"
#include "model/service_state.h"
#include "unit/model/sample_state.h"

namespace warren::model {
namespace {

using exchange::ServerState;

constexpr const char* vip = "192.168.8.100";

std::string server(int number, const std::string& more = "weight 1\n") {
    return "real_server 192.168.8." + std::to_string(number) + " 5672 {\n" + more +
           "TCP_CHECK {\nretry 0\nconnect_timeout 1\n}\n}\n";
}

std::string at(int port, const std::string& body) {
    return "virtual_server " + std::string(vip) + " " + std::to_string(port) +
           " {\nlb_kind FNAT\nprotocol TCP\n" + body + "}\n";
}

class Reload : public testing::Test {
  protected:
    void use(const std::string& services) {
        state_ = state_of(routers_ + services);
        update_quorums(*state_, now_ns_);
    }
    static config::Config read(const std::string& text) {
        auto loaded =
            schema::load("warren.conf", [&](const std::string&) { return std::optional(text); });
        EXPECT_TRUE(loaded.ok());
        return loaded.config;
    }
    ReloadPlan plan(const config::Config& wanted) {
        return plan_reload(
            *state_, wanted,
            {.of = [this](std::uint16_t index) { return flows_[index]; }, .workers = workers_});
    }
    // The refusal, or nothing.
    std::string reload(const std::string& services) {
        config::Config wanted = read(routers_ + services);
        const ReloadPlan planned = plan(wanted);
        if (!planned.refusal.empty()) return planned.refusal;
        changes_ = carry_out(*state_, wanted, planned, now_ns_,
                             [this](std::uint16_t index) { return counted(index); });
        update_quorums(*state_, now_ns_);
        return {};
    }
    bool release(std::uint64_t after_ns) {
        now_ns_ += after_ns;
        return release_indices(
            *state_, [this](std::uint16_t index) { return counted(index); }, now_ns_);
    }
    ServerTotals counted(std::uint16_t index) {
        return {.active = flows_[index], .connections = 5};
    }
    void check(std::uint16_t index, bool ok, std::size_t checker = 0) {
        health::CheckResult result;
        result.reason = ok ? health::Reason::none : health::Reason::refused;
        apply_check(*state_, index, checker, result, now_ns_);
    }
    // Each index: "11:u" is the server .11 that is up; a(bsent), d(own), (d)r(ain), D(isabled).
    std::string servers() const {
        const auto snapshot = build_snapshot(*state_, 1);
        std::string text;
        for (const exchange::Server& s : snapshot->servers)
            text += (text.empty() ? "" : " ") +
                    (s.address.is_unspecified() ? "-" : s.address.to_string().substr(10)) + ":" +
                    "audDr"[static_cast<std::size_t>(s.state)];
        return text;
    }

    const std::string routers_ = router("A", "eth0", 51, "192.168.8.100/24\n192.168.8.101/24");
    std::unique_ptr<State> state_;
    ReloadChanges changes_;
    std::map<std::uint16_t, std::uint64_t> flows_;
    unsigned workers_ = 2;
    std::uint64_t now_ns_ = start_ns;
};

TEST_F(Reload, TheSameFileChangesNothing) {
    const std::string text = at(5672, server(11) + server(12)) + at(5673, server(11));
    use(text);
    check(0, false);
    const auto since = state_->servers[0].since_ns;
    now_ns_ += 1;
    EXPECT_EQ(reload(text), "");
    EXPECT_TRUE(changes_.none());
    EXPECT_TRUE(changes_.standing_changed.empty());
    EXPECT_EQ(servers(), "11:d 12:u 11:u");
    EXPECT_EQ(state_->servers[0].since_ns, since);
    EXPECT_EQ(state_->servers[0].reason, "");
    EXPECT_TRUE(reload("\n\n" + text).empty());
    EXPECT_TRUE(changes_.none()) << "other lines of the file";
}

TEST_F(Reload, WhatIsTheSameIsNotCopied) {
    use(at(5672, server(11)) + at(5673, server(11)));
    const auto same = state_->services[0].config;
    const auto its_server = state_->servers[0].config;
    EXPECT_EQ(reload(at(5672, server(11)) + at(5673, server(11, "weight 7\n"))), "");
    EXPECT_EQ(state_->services[0].config, same);
    EXPECT_EQ(state_->servers[0].config, its_server);
    EXPECT_EQ(state_->servers[1].config->weight, 7U);
    EXPECT_EQ(state_->services[1].config->real_servers[0].weight, 7U);
    EXPECT_EQ(state_->config.virtual_servers[1].real_servers[0].weight, 7U);
}

TEST_F(Reload, ChangedSettingsKeepWhatIsKnown) {
    use(at(5672, server(11) + server(12)));
    check(0, false);
    execute(state_->servers[1], balance::Admin::drained, now_ns_);
    state_->servers[1].next_hop = kernel::NextHop{};
    flows_ = {{0, 4}, {1, 4}};
    EXPECT_EQ(reload(at(5672, "lb_algo rr\nquorum 2\n" +
                                  server(11, "weight 7\nuthreshold 9\ninhibit_on_failure\n") +
                                  server(12))),
              "");
    EXPECT_EQ(servers(), "11:r 12:r");
    EXPECT_EQ(changes_.changed_servers, std::vector<std::uint16_t>{0});
    EXPECT_EQ(changes_.changed_services, std::vector<std::uint16_t>{0});
    EXPECT_EQ(changes_.standing_changed, std::vector<std::uint16_t>{0})
        << "inhibit_on_failure lifts it";
    const auto snapshot = build_snapshot(*state_, 1);
    EXPECT_EQ(snapshot->servers[0].weight, 7 * balance::weight_one);
    EXPECT_EQ(snapshot->servers[0].limit.upper, 9U);
    EXPECT_EQ(snapshot->services[0].algorithm, balance::Algorithm::rr);
    EXPECT_TRUE(state_->servers[1].next_hop);
    EXPECT_EQ(state_->servers[1].health.admin(), balance::Admin::drained);
}

TEST_F(Reload, ChecksThatChangeBeginWithWhatIsBelieved) {
    const auto with = [](const std::string& checks) {
        return at(5672, "real_server 192.168.8.11 5672 {\n" + checks + "}\n");
    };
    use(with("TCP_CHECK {\nretry 0\nconnect_timeout 1\n}\n"));
    check(0, false);
    reload(with("PING_CHECK {\n}\nTCP_CHECK {\nretry 3\nconnect_timeout 2\n}\n"));
    EXPECT_EQ(servers(), "11:d");
    EXPECT_FALSE(state_->servers[0].health.checker_is_up(0)) << "new, and the server is down";
    EXPECT_FALSE(state_->servers[0].health.checker_is_up(1)) << "the old one, at another place";
    check(0, true, 0);
    check(0, true, 1);
    EXPECT_EQ(servers(), "11:u");
    check(0, false, 1);
    EXPECT_EQ(servers(), "11:u") << "its new retry counts";
    reload(with(""));
    EXPECT_EQ(servers(), "11:u");
}

TEST_F(Reload, WithoutChecksADownServerComesUp) {
    use(at(5672, server(11)));
    check(0, false);
    reload(at(5672, "real_server 192.168.8.11 5672 {\n}\n"));
    EXPECT_EQ(servers(), "11:u");
    EXPECT_EQ(changes_.standing_changed, std::vector<std::uint16_t>{0});
    EXPECT_EQ(state_->servers[0].reason, "reload");
}

TEST_F(Reload, RemovedServersAreResetAndComeBackToTheirIndex) {
    use(at(5672, server(11) + server(12)));
    check(0, false);
    reload(at(5672, server(12)));
    EXPECT_EQ(servers(), "11:a 12:u");
    EXPECT_EQ(changes_.removed_servers, std::vector<std::uint16_t>{0});
    EXPECT_EQ(build_snapshot(*state_, 1)->services[0].servers, std::vector<std::uint16_t>{1});
    EXPECT_EQ(state_->servers[1].position, 0);
    EXPECT_EQ(count_served(state_->servers), 1U);
    EXPECT_FALSE(read_order(*state_, "drain,192.168.8.11:5672").problem.empty());
    exchange::FlowEvent late;
    late.server = 0;
    late.latency_us = 100;
    apply_flow_event(*state_, late);

    reload(at(5672, server(11) + server(13) + server(12)));
    EXPECT_EQ(servers(), "11:u 12:u 13:u") << "begins as at a start";
    EXPECT_EQ(state_->servers[0].before.connections, 5U) << "and with nothing counted";
    EXPECT_EQ(changes_.added_servers, (std::vector<std::uint16_t>{0, 2}));
    EXPECT_EQ(build_snapshot(*state_, 1)->services[0].servers,
              (std::vector<std::uint16_t>{0, 2, 1}));
}

TEST_F(Reload, AnIndexBecomesAnothersOnlyAfterItsRest) {
    use(at(5672, server(11) + server(12)));
    reload(at(5672, server(12)));
    flows_[0] = 1;
    EXPECT_FALSE(release(index_rest_ns)) << "a flow is not reset yet";
    flows_[0] = 0;
    EXPECT_FALSE(release(index_rest_ns - 1));
    reload(at(5672, server(12) + server(13)));
    EXPECT_EQ(servers(), "11:a 12:u 13:u");
    EXPECT_TRUE(release(1));
    EXPECT_EQ(servers(), "-:a 12:u 13:u");
    EXPECT_FALSE(release(index_rest_ns)) << "once";
    reload(at(5672, server(12) + server(13) + server(14)));
    EXPECT_EQ(servers(), "14:u 12:u 13:u");
    EXPECT_EQ(state_->servers[0].before.connections, 5U) << "those of .11";
    EXPECT_EQ(state_->servers[2].before.connections, 0U);
}

TEST_F(Reload, ARemovedServiceTakesItsServersWithIt) {
    use(at(5672, server(11)) + at(5673, server(12) + server(13)));
    EXPECT_EQ(reload(at(5672, server(11))), "");
    EXPECT_EQ(servers(), "11:u 12:a 13:a");
    EXPECT_EQ(changes_.removed_services, std::vector<std::uint16_t>{1});
    EXPECT_TRUE(changes_.removed_servers.empty()) << "told by their service";
    const auto snapshot = build_snapshot(*state_, 1);
    EXPECT_EQ(snapshot->find_service(ip(vip), net::Be16(5673)), exchange::Snapshot::no_service);
    EXPECT_EQ(snapshot->find_service(ip(vip), net::Be16(5672)), 0);
    EXPECT_NE(snapshot->find_address(ip(vip)), nullptr);
    EXPECT_TRUE(snapshot->services[1].servers.empty());

    EXPECT_TRUE(release(index_rest_ns));
    EXPECT_EQ(state_->services[1].presence, Presence::free);
    reload(at(5672, server(11)) + at(5674, server(14)));
    EXPECT_EQ(servers(), "11:u 14:u -:a");
    EXPECT_EQ(build_snapshot(*state_, 1)->find_service(ip(vip), net::Be16(5674)), 1);
    EXPECT_TRUE(state_->services[1].has_quorum);
}

TEST_F(Reload, AServiceComesBackToItsIndex) {
    use(at(5672, server(11)) + at(5673, server(12)));
    reload(at(5672, server(11)));
    reload(at(5673, server(12)) + at(5672, server(11)));
    EXPECT_EQ(servers(), "11:u 12:u");
    EXPECT_EQ(changes_.added_services, std::vector<std::uint16_t>{1});
    EXPECT_EQ(build_snapshot(*state_, 1)->find_service(ip(vip), net::Be16(5673)), 1);
}

TEST_F(Reload, QuorumAndSorryServerFollow) {
    use(at(5672, server(11) + server(12)));
    reload(at(5672, "quorum 2\nsorry_server 192.168.8.20 5672\n" + server(11) + server(12)));
    EXPECT_EQ(servers(), "11:u 12:u 20:d") << "the quorum is there: it stands by";
    check(0, false);
    update_quorums(*state_, now_ns_);
    EXPECT_EQ(servers(), "11:d 12:r 20:u");
    reload(at(5672,
              "quorum 2\nsorry_server 192.168.8.20 5672\n" + server(11) + server(12) + server(13)));
    EXPECT_EQ(servers(), "11:d 12:u 20:d 13:u") << "one more makes the quorum";
    check(1, false);
    update_quorums(*state_, now_ns_);
    EXPECT_EQ(servers(), "11:d 12:d 20:u 13:r");
    reload(at(5672, "quorum 2\n" + server(11) + server(12) + server(13)));
    EXPECT_EQ(servers(), "11:d 12:d 20:a 13:u") << "without a sorry_server who is left serves";
}

TEST_F(Reload, AServerThatIsAddedWithoutQuorumWaitsForIt) {
    const std::string sorry = "quorum 4\nsorry_server 192.168.8.20 5672\n";
    use(at(5672, sorry + server(11, "weight 4\n") + server(12)));
    check(0, false);
    update_quorums(*state_, now_ns_);
    EXPECT_EQ(servers(), "11:d 12:r 20:u");
    reload(at(5672, sorry + server(11, "weight 4\n") + server(12) + server(13)));
    EXPECT_EQ(servers(), "11:d 12:r 20:u 13:r");
}

TEST_F(Reload, SlotsFollowTheScheduler) {
    use(at(5672, "lb_algo sh\n" + server(11) + server(12)));
    update_slots(*state_);
    ASSERT_TRUE(state_->services[0].slots);
    reload(at(5672, "lb_algo mh\n" + server(11) + server(12)));
    update_slots(*state_);
    EXPECT_EQ(state_->services[0].slots->slots().size(), 65'537U);
    reload(at(5672, "lb_algo rr\n" + server(11) + server(12)));
    update_slots(*state_);
    EXPECT_FALSE(state_->services[0].slots);
}

TEST_F(Reload, WhatWouldStrandLiveFlowsIsRefused) {
    const std::string plain = at(5672, server(11) + server(12));
    const std::string nat = at(5672, server(11, "lb_kind NAT\n") + server(12));
    const std::string persistent = at(5672, "persistence_timeout 60\n" + server(11) + server(12));
    for (const std::string& other : {nat, persistent}) {
        use(plain);
        flows_ = {{0, 1}};
        const std::string refusal = reload(other);
        EXPECT_NE(refusal.find("would strand its 1 connections"), std::string::npos) << refusal;
        EXPECT_EQ(refusal.find("warren.conf:"), 0U) << refusal;
        EXPECT_EQ(servers(), "11:u 12:u") << "nothing has changed";
        flows_.clear();
        EXPECT_EQ(reload(other), "");
        EXPECT_EQ(servers(), "11:a 12:a 11:u 12:u") << "others, at the same address";
        const auto snapshot = build_snapshot(*state_, 1);
        EXPECT_EQ(snapshot->find_service(ip(vip), net::Be16(5672)), 1);
    }
}

TEST_F(Reload, OneWorkerOwnsAllFlowsAnyway) {
    workers_ = 1;
    use(at(5672, server(11)));
    flows_ = {{0, 1}};
    EXPECT_EQ(reload(at(5672, "persistence_timeout 60\n" + server(11))), "");
    EXPECT_EQ(servers(), "11:u");
    EXPECT_NE(reload(at(5672, "persistence_timeout 60\npersistence_granularity 255.255.255.0\n" +
                                  server(11))),
              "")
        << "its flows count in other groups";
    EXPECT_NE(reload(at(5672, "persistence_timeout 60\n" + server(11, "lb_kind DR\n"))), "");
}

TEST_F(Reload, APersistenceTimeoutIsNoRule) {
    use(at(5672, "persistence_timeout 60\n" + server(11)));
    flows_ = {{0, 1}};
    EXPECT_EQ(reload(at(5672, "persistence_timeout 90\n" + server(11))), "");
    EXPECT_EQ(servers(), "11:u");
}

TEST_F(Reload, LocalAddressesMayGoOnlyWithoutFlows) {
    const std::string group = "local_address_group L {\n192.168.8.70\n192.168.8.71\n}\n";
    const std::string one = "local_address_group L {\n192.168.8.70\n}\n";
    const std::string service = at(5672, "laddr_group_name L\n" + server(11));
    use(one + service);
    flows_ = {{0, 1}};
    EXPECT_EQ(reload(group + service), "") << "one more";
    EXPECT_NE(build_snapshot(*state_, 1)->find_address(ip("192.168.8.71")), nullptr);
    EXPECT_NE(reload(one + service), "");
    flows_.clear();
    EXPECT_EQ(reload(one + service), "");
    EXPECT_EQ(servers(), "11:a 11:u");
}

TEST_F(Reload, ARemovedNatServerThatComesBackOtherwiseIsFoundFirst) {
    use(at(5672, server(11, "lb_kind NAT\n")));
    reload(at(5672, "persistence_timeout 60\n" + server(11, "lb_kind NAT\n")));
    const auto snapshot = build_snapshot(*state_, 1);
    EXPECT_EQ(snapshot->find_nat_server(ip("192.168.8.11"), net::Be16(5672)), 1);
    reload("");
    EXPECT_NE(build_snapshot(*state_, 1)->find_nat_server(ip("192.168.8.11"), net::Be16(5672)),
              exchange::Snapshot::no_server)
        << "its dead flows are still answered";
    release(index_rest_ns);
    EXPECT_EQ(build_snapshot(*state_, 1)->find_nat_server(ip("192.168.8.11"), net::Be16(5672)),
              exchange::Snapshot::no_server);
}

TEST_F(Reload, AFullTableRefuses) {
    use(at(5672, server(11)));
    const ServerRecord removed = [&] {
        ServerRecord record = state_->servers[0];
        record.presence = Presence::removed;
        return record;
    }();
    while (state_->servers.size() < exchange::max_servers)
        state_->servers.push_back(removed);
    const std::string refusal = reload(at(5672, server(11) + server(12)));
    EXPECT_NE(refusal.find("no room for another real_server"), std::string::npos) << refusal;
    EXPECT_TRUE(release(2 * index_rest_ns));
    EXPECT_EQ(reload(at(5672, server(11) + server(12))), "");
    EXPECT_EQ(state_->servers.size(), exchange::max_servers);
}

TEST_F(Reload, ManyReloadsNeedNoMoreRoom) {
    use(at(5672, server(11) + server(12)));
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(reload(at(5672, server(11)) + (i % 3 == 0 ? at(5673, server(12)) : "")), "");
        ASSERT_EQ(reload(at(5672, server(12) + server(11))), "");
    }
    EXPECT_EQ(state_->servers.size(), 3U);
    EXPECT_EQ(state_->services.size(), 2U);
}

}  // namespace
}  // namespace warren::model
