// SPDX-License-Identifier: BSD-3-Clause
// Each reason comes with its cause, and goes with it.
#include "verdict/verdict.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"

namespace warren::verdict {
namespace {

constexpr std::uint64_t verdict_now_ns = 100'000'000'000;

class Verdict : public testing::Test {
  protected:
    Verdict() {
        for (model::ServiceRecord& service : state_->services)
            service.quorum_known = service.has_quorum = true;
        state_->routers[0].status.state = vrrp::State::master;
        state_->config.dataplane.flows = 1'000;
    }

    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const Reason& reason : found())
            all.emplace_back(reason.name);
        return all;
    }
    std::vector<Reason> found() const {
        return reasons({*state_, exchange_, busy_, &picture_, now_ns_, false, &recent_});
    }
    void see(election::VrrpReport report, std::uint64_t age_ns) {
        report.address = model::ip("192.168.8.6");
        state_->routers[0].alarms.see(report, verdict_now_ns - age_ns);
    }
    // So many seconds pass; in the last of them the manager is so late.
    void look_for(int seconds, std::uint64_t lag_ns = 0) {
        for (int i = 1; i <= seconds; ++i) {
            now_ns_ += 1'000'000'000;
            recent_.sample(*state_, exchange_, i == seconds ? lag_ns : 0, now_ns_);
        }
    }
    using Names = std::vector<std::string>;

    std::unique_ptr<model::State> state_ = model::state_of(
        model::router("A", "eth0", 51, "192.168.8.100/24") + model::service("192.168.8.100"));
    exchange::Exchange exchange_{2};
    std::vector<double> busy_{0.1, 0.2};
    handover::SyncPicture picture_;
    Recent recent_;
    std::uint64_t now_ns_ = verdict_now_ns;
};

TEST_F(Verdict, IsOkWhenAllIsWell) {
    EXPECT_EQ(names(), Names{});
    EXPECT_STREQ(name(level_of(found())), "ok");
}

TEST_F(Verdict, NobodyElseServesTheHostsOwnAddress) {
    state_->routers[0].status.state = vrrp::State::fault;
    EXPECT_STREQ(name(level_of(found())), "degraded");
    model::make_static(state_->routers[0]);
    EXPECT_EQ(names(), Names{"fault"});
    EXPECT_STREQ(name(level_of(found())), "down");
}

TEST_F(Verdict, NamesAFault) {
    state_->routers[0].status.state = vrrp::State::fault;
    state_->routers[0].status.faults = 1U << static_cast<unsigned>(vrrp::FaultCause::link_down);
    ASSERT_EQ(names(), Names{"fault"});
    EXPECT_EQ(found()[0].text, "A is in fault: its link is down");
    EXPECT_STREQ(name(level_of(found())), "degraded");
}

TEST_F(Verdict, CallsTwoMastersByTheirName) {
    election::VrrpReport report;
    report.kind = election::VrrpReport::Kind::rejected;
    report.reject = vrrp::RejectReason::auth_data;
    see(report, 1'000'000'000);
    ASSERT_EQ(names(), Names{"two_masters"});
    EXPECT_EQ(found()[0].text,
              "A: 192.168.8.6 also says it is master, and is refused: its password differs from "
              "ours (auth_pass)");
    EXPECT_STREQ(name(level_of(found())), "down");
    state_->routers[0].status.state = vrrp::State::backup;
    EXPECT_EQ(names(), Names{}) << "a backup hears a master, that is how it should be";
}

TEST_F(Verdict, NamesAServerThatOnlyTheKernelCouldReach) {
    kernel::NextHop& hop = state_->servers[0].next_hop.emplace();
    hop.without_ethernet = true;
    EXPECT_EQ(names(), Names{"server_no_way"});
    hop.kernel_forwards = true;
    EXPECT_EQ(names(), Names{});
}

TEST_F(Verdict, NamesAServerThatNobodyChecks) {
    model::ServerRecord& server = state_->servers[0];
    server.check.local = true;
    server.check.text = "cannot read /etc/warren/p: No such file or directory";
    ASSERT_EQ(names(), Names{"server_unchecked"});
    EXPECT_NE(found()[0].text.find(" cannot be checked: cannot read /etc/warren/p: No such file"),
              std::string::npos);
    EXPECT_STREQ(name(level_of(found())), "degraded");
}

TEST_F(Verdict, NamesAServerWhoseCheckNeverCanTell) {
    model::ServerRecord& server = state_->servers[0];
    server.unsure = {0, 2, "the management API answers 404"};
    EXPECT_EQ(names(), Names{});
    server.unsure.in_a_row = 3;
    ASSERT_EQ(names(), Names{"server_unchecked"});
    EXPECT_NE(found()[0].text.find(" cannot be checked by TCP_CHECK: the management API answers"),
              std::string::npos)
        << found()[0].text;
}

TEST_F(Verdict, NamesABusyServer) {
    model::ServerRecord& server = state_->servers[0];
    server.check.text = "no heartbeat";
    server.talking.sample(0, 0, 60, 1'000);
    server.talking.sample(1, 100, 60, 1'100);
    ASSERT_TRUE(server.talking.excuses(1'000, 1'100));
    ASSERT_EQ(names(), Names{"server_busy"});
    EXPECT_NE(found()[0].text.find(" answers its clients and not its checks: no heartbeat"),
              std::string::npos);
    EXPECT_STREQ(name(level_of(found())), "degraded");
    server.talking.answer_checks();
    EXPECT_EQ(names(), Names{});
}

TEST_F(Verdict, NamesANodeOfAnotherCluster) {
    const auto belongs = [&](std::size_t server, const char* cluster) {
        rabbitmq::NodeFacts facts;
        facts.cluster_name = cluster;
        state_->servers[server].node = std::make_shared<const rabbitmq::NodeFacts>(facts);
    };
    belongs(0, "prod");
    EXPECT_EQ(names(), Names{});
    belongs(1, "prod");
    EXPECT_EQ(names(), Names{});
    belongs(1, "rabbit@two");
    ASSERT_EQ(names(), Names{"server_foreign"});
    EXPECT_EQ(found()[0].text,
              "192.168.8.12:5672 is of the cluster 'rabbit@two', others of "
              "'prod' (cluster_name)");
    EXPECT_STREQ(name(level_of(found())), "degraded");
    state_->servers[1].health.set_admin(balance::Admin::disabled);
    EXPECT_EQ(names(), Names{}) << "it gets no clients";
}

TEST_F(Verdict, ForgetsWhatHasNotBeenSeenForTenSeconds) {
    election::VrrpReport report;
    report.kind = election::VrrpReport::Kind::alarm;
    report.alarm = vrrp::AlarmKind::address_conflict;
    see(report, 9'000'000'000);
    EXPECT_EQ(names(), Names{"stranger"});
    EXPECT_EQ(found()[0].text, "192.168.8.6 is claimed by 00:00:00:00:00:00 too");
    model::ServerRecord& server = state_->servers[0];
    server.next_hop = {.ifindex = 2, .gateway = server.config->address, .mac = report.claimant};
    EXPECT_EQ(found()[0].text, "192.168.8.6 is claimed by 00:00:00:00:00:00 too, real_server " +
                                   server.config->address.to_string());
    server.next_hop->gateway = model::ip("192.168.8.1");
    EXPECT_TRUE(found()[0].text.ends_with(" too, the router 192.168.8.1"));
    see(report, 11'000'000'000);
    EXPECT_EQ(names(), Names{});
}

TEST_F(Verdict, TellsAServiceThatRefusesClientsAndWhy) {
    model::ServiceRecord& service = state_->services[0];
    const auto refuse = [&](model::Refusal cause) {
        for (int i = 0; i < 3; ++i)
            service.refusals[static_cast<std::size_t>(cause)].note();
    };
    refuse(model::Refusal::table_full);
    ASSERT_EQ(names(), Names{"refusing"});
    EXPECT_EQ(
        found()[0].text,
        "192.168.8.100:5672 refuses clients: the flow table is full (dataplane { flows }); 3 in "
        "10 s");
    EXPECT_EQ(found()[0].look, "warrenctl ended cause table_full");
    EXPECT_STREQ(name(level_of(found())), "down") << "nobody gets through";
    service.opened.note();
    EXPECT_STREQ(name(level_of(found())), "degraded");
    const auto forget = [&] {
        for (std::size_t i = 0; i < balance::RecentCount::seconds; ++i) {
            service.opened.turn();
            for (balance::RecentCount& count : service.refusals)
                count.turn();
        }
    };
    forget();
    EXPECT_EQ(names(), Names{});
    refuse(model::Refusal::unanswered);
    EXPECT_STREQ(name(level_of(found())), "degraded") << "a scan opens nothing either";
    forget();
    refuse(model::Refusal::no_server);
    EXPECT_EQ(names(), Names{"refusing"});
    for (model::ServerRecord& server : state_->servers)
        server.health.set_excluded(true);
    EXPECT_EQ(names(), (Names{"no_server", "server_down", "server_down"})) << "said already";
}

TEST_F(Verdict, TellsAServerThatIsUpAndRefuses) {
    for (int i = 0; i < 3; ++i)
        state_->servers[0].refusals.note();
    ASSERT_EQ(names(), Names{"server_refusing"});
    EXPECT_EQ(found()[0].text, "192.168.8.11:5672 is up and refuses connections: 3 in 10 s");
}

TEST_F(Verdict, TellsServersThatAreDownAndAServiceWithoutAny) {
    state_->servers[0].health.set_excluded(true);
    state_->servers[0].check.text = "connection refused";
    ASSERT_EQ(names(), Names{"server_down"});
    EXPECT_EQ(found()[0].text, "192.168.8.11:5672 is down: connection refused");
    state_->servers[1].health.set_excluded(true);
    ASSERT_EQ(names(), (Names{"no_server", "server_down", "server_down"}));
    EXPECT_EQ(found()[0].text, "192.168.8.100:5672 has no real_server that is up");
    state_->services[0].quorum_known = false;
    EXPECT_EQ(names().size(), 2U) << "it has only just begun";
}

TEST_F(Verdict, TellsAQuorumThatIsLostWhileServersAreUp) {
    state_->services[0].has_quorum = false;
    EXPECT_EQ(names(), Names{"quorum_lost"});
    state_->services[0].quorum_known = false;
    EXPECT_EQ(names(), Names{}) << "it has only just begun";
}

TEST_F(Verdict, TellsARefusedReload) {
    const std::vector<Reason> found =
        reasons({*state_, exchange_, busy_, &picture_, verdict_now_ns, true});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_STREQ(found[0].name, "reload_refused");
    EXPECT_STREQ(name(level_of(found)), "degraded");
}

TEST_F(Verdict, TellsAFullTable) {
    exchange_.workers[1]->servers[0].active.set(900);
    ASSERT_EQ(names(), Names{"table_filling"});
    EXPECT_EQ(found()[0].text, "the flow table of worker 1 is 90 % full (dataplane { flows })");
    EXPECT_EQ(found()[0].level, Level::degraded);
    exchange_.workers[1]->servers[0].active.set(1'000);
    EXPECT_EQ(found()[0].level, Level::down);
}

TEST_F(Verdict, TellsABusyWorker) {
    busy_[1] = 0.95;
    EXPECT_EQ(names(), Names{"worker_busy"});
}

TEST_F(Verdict, TellsAServerThatIsSlow) {
    state_->servers[1].factor = balance::factor_one / 2;
    ASSERT_EQ(names(), Names{"server_slow"});
    EXPECT_EQ(found()[0].text, "192.168.8.12:5672 has 50 % of its weight for its health");
}

TEST_F(Verdict, TellsAMinority) {
    state_->servers[1].health.on_result(0, balance::CheckResult::minority);
    state_->servers[1].reason = "hears 1 of 3 nodes";
    ASSERT_EQ(names(), Names{"server_minority"});
    EXPECT_EQ(found()[0].text,
              "192.168.8.12:5672 is in the minority of a partition: hears 1 of 3 nodes");
}

TEST_F(Verdict, TellsAnAlarmThatStopsPublishers) {
    for (model::ServerRecord& server : state_->servers) {
        server.health.on_result(0, balance::CheckResult::blocked);
        server.reason = "disk alarm";
    }
    ASSERT_EQ(names(), Names{"blocked"});
    EXPECT_EQ(found()[0].level, Level::degraded);
    EXPECT_EQ(found()[0].text,
              "192.168.8.100:5672 has an alarm on 2 of 2 real_servers, where publishers wait: disk "
              "alarm");
}

TEST_F(Verdict, TellsThatOnlyThoseWhoLeaveServe) {
    for (model::ServerRecord& server : state_->servers) {
        server.health.on_result(0, balance::CheckResult::draining);
        server.is_last_resort = true;
    }
    EXPECT_EQ(names(), Names{"last_resort"});
    EXPECT_EQ(found()[0].level, Level::degraded);
    for (int i = 0; i < 3; ++i)
        state_->services[0].refusals[static_cast<std::size_t>(model::Refusal::no_server)].note();
    EXPECT_EQ(names(), Names{"last_resort"});
    EXPECT_EQ(found()[0].level, Level::down);
}

// ---- what is looked at each second

TEST_F(Verdict, TellsDropsThatShouldNotBe) {
    exchange::Counter& counter =
        exchange_.workers[1]->counters.drops[static_cast<std::size_t>(exchange::Drop::tx_full)];
    counter.set(1'000);
    look_for(2);
    EXPECT_EQ(names(), Names{}) << "they were there before";
    counter.set(1'007);
    look_for(1);
    ASSERT_EQ(names(), Names{"dropping"});
    EXPECT_EQ(found()[0].text, "packets are dropped here: 7 in 10 s by tx_full");
    EXPECT_EQ(found()[0].look, "warrenctl help tx_full");
    look_for(11);
    EXPECT_EQ(names(), Names{});
}

TEST_F(Verdict, TellsLateAdverts) {
    look_for(1);
    state_->routers[0].status.counters.late_adverts = 1;
    look_for(1);
    ASSERT_EQ(names(), Names{"late_adverts"});
    EXPECT_EQ(found()[0].text,
              "A: 1 advert left a whole interval late in 10 s: the peer may take over");
    look_for(11);
    EXPECT_EQ(names(), Names{});
}

TEST_F(Verdict, TellsALateManager) {
    look_for(1, 900'000'000);
    EXPECT_EQ(names(), Names{});
    look_for(1, 1'500'000'000);
    look_for(3);
    ASSERT_EQ(names(), Names{"manager_late"});
    EXPECT_EQ(found()[0].text, "the manager was 1500 ms late: checks and answers waited for it");
    look_for(11);
    EXPECT_EQ(names(), Names{});
}

TEST_F(Verdict, TellsAServiceWhoseClientsAreNotHeard) {
    exchange::ServerCounters& server = exchange_.workers[0]->servers[0];
    server.active.set(10);
    server.to_server_bytes.set(500);
    look_for(1);
    look_for(74);
    EXPECT_EQ(names(), Names{}) << "a heartbeat may come yet";
    look_for(1);
    ASSERT_EQ(names(), Names{"vip_silent"});
    EXPECT_EQ(found()[0].text,
              "192.168.8.100:5672 has connections, and no client has sent anything for 75 s: does "
              "their traffic come here?");
    state_->routers[0].status.state = vrrp::State::backup;
    EXPECT_EQ(names(), Names{}) << "who has no address waits for nothing";
    look_for(600);
    state_->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(names(), Names{}) << "the peer heard them meanwhile";
    look_for(75);
    EXPECT_EQ(names(), Names{"vip_silent"});
    server.active.set(9);
    look_for(1);
    EXPECT_EQ(names(), Names{}) << "few may have nothing to say";
    server.active.set(10);
    server.to_server_bytes.set(501);
    look_for(1);
    EXPECT_EQ(names(), Names{});
}

TEST_F(Verdict, TellsALinkThatFlaps) {
    constexpr std::uint64_t second = 1'000'000'000;
    state_->ports[0].went_down_ns = {now_ns_ - second, now_ns_ - 20 * second, 0};
    EXPECT_EQ(names(), Names{}) << "twice may be a cable that is moved";
    state_->ports[0].went_down_ns[2] = now_ns_ - 99 * second;
    ASSERT_EQ(names(), Names{"link_flaps"});
    EXPECT_EQ(found()[0].text, "the link of eth0 has gone down 3 times in 5 min");
    look_for(202);
    EXPECT_EQ(names(), Names{});
}

TEST_F(Verdict, HandsOnTheAlarmsOfFlowSync) {
    picture_.raise(handover::Trouble::sync_down, 0, 0, verdict_now_ns);
    ASSERT_EQ(names(), Names{"flow_sync"});
    EXPECT_EQ(found()[0].level, Level::degraded);
    picture_.raise(handover::Trouble::both_masters, 0, 0, verdict_now_ns);
    EXPECT_EQ(level_of(found()), Level::down);
}

TEST_F(Verdict, SaysTheWorstFirst) {
    busy_[0] = 0.99;
    exchange_.workers[0]->servers[0].active.set(1'000);
    EXPECT_EQ(names(), (Names{"table_filling", "worker_busy"}));
}

}  // namespace
}  // namespace warren::verdict
