// SPDX-License-Identifier: BSD-3-Clause
// Two sync threads over loopback; the test plays both sides' workers, control lcore and manager.
#include "peer/runner.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>

#include "peer/run_again.h"

namespace warren::peer {
namespace {

using exchange::SyncCommand;
using exchange::SyncEvent;
using exchange::SyncOrder;
using exchange::SyncReport;

constexpr std::uint16_t runner_port = 18'852;
constexpr std::uint16_t the_router = 0;
const net::IpAddress the_vip = net::IpAddress::v4(192, 168, 8, 100);
const flow::Spread one_worker(flow::Spread::key_of(1), 1);

flow::Flow flow_from(std::uint16_t client_port) {
    flow::Flow flow;
    flow.set_client_address(net::IpAddress::v4(10, 0, 0, 1));
    flow.set_vip(the_vip);
    flow.set_local_address(the_vip);
    flow.set_server_address(net::IpAddress::v4(192, 168, 8, 11));
    flow.client_port = net::Be16(client_port);
    flow.service_port = flow.server_port = net::Be16(5672);
    flow.local_port = net::Be16(client_port);
    flow.state = flow::TcpState::established;
    return flow;
}

// A worker's part with a table that is a map.
class Warren {
  public:
    Warren(std::uint8_t local, const std::vector<std::uint8_t>& peers, char key = 'k',
           std::uint8_t server = 11, std::uint32_t capacity = 100)
        : keys_(derive_keys({std::string(32, key)})),
          options_({.peers = wires(local, peers),
                    .keys = keys_,
                    .capacity = capacity,
                    .rate = 250'000,
                    .defer = false,
                    .preempt = {}}) {
        start_thread();
        auto snapshot = std::make_unique<exchange::Snapshot>();
        snapshot->generation = 1;
        snapshot->virtual_routers.push_back({.vrid = 51, .lease_ns = ~std::uint64_t{0}});
        snapshot->addresses.push_back({.address = the_vip, .mac = {}, .virtual_router = 0});
        exchange::Service service;
        service.present = true;
        service.address = the_vip;
        service.port = net::Be16(5672);
        service.persistence = {.timeout_ns = 60'000'000'000, .prefix_length = 24};
        service.servers = {0};
        snapshot->services.push_back(service);
        exchange::Server only;
        only.address = net::IpAddress::v4(192, 168, 8, server);
        only.port = net::Be16(5672);
        only.state = exchange::ServerState::up;
        snapshot->servers.push_back(only);
        snapshot->seal();
        exchange_.publisher.publish(std::move(snapshot));
    }

    // Its thread had an error; its workers have not noticed.
    void start_thread() {
        runner_.reset();
        runner_.emplace(exchange_, one_worker, options_);
    }
    void become(bool master) { exchange_.ownership.set(the_router, master); }
    void offer(bool offered) { exchange_.ownership.offer(the_router, offered); }
    void add(const flow::Flow& flow) {
        flows_[flow.client_port.host()] = flow;
        sum_.add(flow::identity_hash(keys_.digest, flow));
        say(flow, SyncEvent::Kind::flow);
    }
    void remove(std::uint16_t client_port) {
        const flow::Flow flow = flows_.at(client_port);
        flows_.erase(client_port);
        sum_.remove(flow::identity_hash(keys_.digest, flow));
        say(flow, SyncEvent::Kind::ended);
    }
    void round(std::uint64_t now_ns) {
        work();
        runner_->round(now_ns);
        SyncReport report;
        while (exchange_.sync_reports.reports.pop(report))
            reports_.push_back(report);
    }
    void order(SyncOrder::Kind kind) {
        ASSERT_TRUE(exchange_.sync_reports.orders.push({.kind = kind, .router = the_router}));
    }
    bool has_heard(SyncReport::Kind kind, SyncReport::Alarm alarm = SyncReport::Alarm::none) const {
        return std::any_of(reports_.begin(), reports_.end(), [&](const SyncReport& report) {
            return report.kind == kind && report.alarm == alarm;
        });
    }
    bool has_heard(SyncReport::Alarm alarm) const {
        return has_heard(SyncReport::Kind::alarm, alarm);
    }
    bool is_over(SyncReport::Alarm alarm) const {
        return std::any_of(reports_.begin(), reports_.end(), [&](const SyncReport& report) {
            return report.alarm == alarm && report.over;
        });
    }
    // SyncReport::missing of the first.
    std::uint64_t what_of(SyncReport::Alarm alarm) const {
        for (const SyncReport& report : reports_)
            if (report.alarm == alarm) return report.missing;
        return 0;
    }
    void forget_reports() { reports_.clear(); }
    // The last that was named; none yet: Side::none.
    exchange::ConfigDifference difference() const {
        exchange::ConfigDifference last;
        for (const SyncReport& report : reports_)
            if (report.alarm == SyncReport::Alarm::config) last = report.difference;
        return last;
    }
    std::size_t flows() const { return flows_.size(); }
    // Clients without flows.
    void add_group(const flow::Flow& of, flow::Tick left) {
        SyncEvent event;
        event.kind = SyncEvent::Kind::group;
        event.idle = left;
        event.flow = of;
        ASSERT_TRUE(link().events.push(event));
    }
    const std::vector<SyncCommand>& bound() const { return bound_; }
    bool is_in_sync() {
        exchange::SyncStatus status;
        while (exchange_.sync_reports.statuses.pop(status))
            if (!status.is_peer) in_sync_ = status.router.in_sync;
        return in_sync_;
    }
    exchange::Exchange& exchange() { return exchange_; }
    // Starts to speak its part no more.
    void lose_flows() {
        flows_.clear();
        sum_ = {};
    }

  private:
    static std::vector<PeerSocketOptions> wires(std::uint8_t local,
                                                const std::vector<std::uint8_t>& peers) {
        std::vector<PeerSocketOptions> all;
        for (const std::uint8_t peer : peers)
            all.push_back({.local = net::IpAddress::v4(127, 0, 0, local),
                           .peer = net::IpAddress::v4(127, 0, 0, peer),
                           .interface = "",
                           .port = runner_port});
        return all;
    }
    void say(const flow::Flow& flow, SyncEvent::Kind kind, std::uint32_t number = 0) {
        if (!exchange_.sync.speaks.load()) return;
        SyncEvent event;
        event.kind = kind;
        event.index = flow.client_port.host();
        event.number = number;
        event.flow = flow;
        ASSERT_TRUE(link().events.push(event));
    }
    void work() {
        SyncCommand command;
        while (link().commands.pop(command))
            execute(command);
    }
    void execute(const SyncCommand& command) {
        const std::uint16_t port = command.flow.client_port.host();
        switch (command.kind) {
            case SyncCommand::Kind::install:
                if (flows_.emplace(port, command.flow).second)
                    sum_.add(flow::identity_hash(keys_.digest, command.flow));
                colours_[port] = command.colour;
                return;
            case SyncCommand::Kind::end:
                if (flows_.erase(port) != 0)
                    sum_.remove(flow::identity_hash(keys_.digest, flow_from(port)));
                return;
            case SyncCommand::Kind::again:
                return say(command.flow,
                           flows_.contains(port) ? SyncEvent::Kind::flow : SyncEvent::Kind::ended,
                           command.number);
            case SyncCommand::Kind::mark:
                link().sums[0] = sum_;
                return answer(SyncEvent::Kind::mark, command.number);
            case SyncCommand::Kind::walk:
                for (const auto& [key, flow] : flows_)
                    say(flow, SyncEvent::Kind::flow, command.number);
                return answer(SyncEvent::Kind::walked, command.number);
            case SyncCommand::Kind::sweep:
                std::erase_if(flows_, [&](const auto& entry) {
                    if (colours_[entry.first] == command.colour) return false;
                    sum_.remove(flow::identity_hash(keys_.digest, entry.second));
                    return true;
                });
                return answer(SyncEvent::Kind::swept, command.number);
            case SyncCommand::Kind::bind:
                bound_.push_back(command);
                return;
            case SyncCommand::Kind::signpost:
                return;
        }
    }
    void answer(SyncEvent::Kind kind, std::uint32_t number) {
        SyncEvent event;
        event.kind = kind;
        event.number = number;
        ASSERT_TRUE(link().events.push(event));
    }
    exchange::SyncLink& link() { return *exchange_.workers[0]->sync; }

    exchange::Exchange exchange_{1, true};
    Keys keys_;
    RunnerOptions options_;
    std::optional<Runner> runner_;
    std::map<std::uint16_t, flow::Flow> flows_;
    std::map<std::uint16_t, int> colours_;
    flow::FlowSum sum_;
    std::vector<SyncReport> reports_;
    std::vector<SyncCommand> bound_;
    bool in_sync_ = false;
};

class Runners : public testing::Test {
  protected:
    // Rounds of all until that is so; false: not within 10 s of their time.
    bool run_until(Warren& a, Warren& b, const std::function<bool()>& is_done,
                   std::uint64_t step_ns = 200'000) {
        return run_until({&a, &b}, is_done, step_ns);
    }
    bool run_until(std::initializer_list<Warren*> all, const std::function<bool()>& is_done,
                   std::uint64_t step_ns = 200'000) {
        for (std::uint64_t i = 0; i < 10'000'000'000 / step_ns; ++i) {
            now_ns_ += step_ns;
            for (Warren* one : all)
                one->round(now_ns_);
            if (is_done()) return true;
        }
        return false;
    }

  private:
    std::uint64_t now_ns_ = 1'000'000'000;
};

TEST_F(Runners, ABackupGetsWhatItsMasterHasAndMayPreemptThen) {
    Warren a(2, {3});
    Warren b(3, {2});
    a.become(true);
    for (std::uint16_t port = 1'000; port < 1'100; ++port)
        a.add(flow_from(port));
    ASSERT_TRUE(run_until(a, b, [&] { return b.has_heard(SyncReport::Kind::may_preempt); }));
    EXPECT_EQ(b.flows(), 100U);
    EXPECT_TRUE(run_until(a, b, [&] { return a.is_in_sync() && b.is_in_sync(); }));
    a.add(flow_from(2'000));
    a.remove(1'000);
    EXPECT_TRUE(run_until(a, b, [&] { return b.flows() == 100; }));
    EXPECT_TRUE(b.exchange().sync.speaks.load());
}

TEST_F(Runners, ClientsWithoutFlowsAreBoundAtTheBackupToo) {
    Warren a(2, {3});
    Warren b(3, {2});
    a.become(true);
    ASSERT_TRUE(run_until(a, b, [&] { return a.is_in_sync() && b.is_in_sync(); }));
    flow::Flow group = flow_from(0);
    group.set_client_address(net::IpAddress::v4(10, 0, 0, 0));
    a.add_group(group, flow::ticks_of_seconds(30));
    ASSERT_TRUE(run_until(a, b, [&] { return !b.bound().empty(); }));
    const SyncCommand& bound = b.bound()[0];
    EXPECT_EQ(bound.flow.client_address(), group.client_address());
    EXPECT_EQ(bound.flow.server_address(), group.server_address());
    EXPECT_EQ(bound.flow.vip(), group.vip());
    EXPECT_NEAR(bound.idle, flow::ticks_of_seconds(30), flow::ticks_of_seconds(1) + 1);
}

// A power cut of both: neither has a flow, and none of them waits for the other's.
TEST_F(Runners, TwoThatStartTogetherDoNotHoldEachOtherUp) {
    Warren a(2, {3});
    Warren b(3, {2});
    const auto may_preempt = [&] {
        return a.has_heard(SyncReport::Kind::may_preempt) &&
               b.has_heard(SyncReport::Kind::may_preempt);
    };
    EXPECT_TRUE(run_until(a, b, may_preempt));
    EXPECT_FALSE(a.has_heard(SyncReport::Kind::gave_up) || b.has_heard(SyncReport::Kind::gave_up));
    EXPECT_FALSE(a.has_heard(SyncReport::Alarm::unsynced_takeover));
}

// The peer took over while this machine stood still, and what it said before comes in only now.
TEST_F(Runners, WhoCeasesToBeMasterWaitsForNewsOfItsPeer) {
    constexpr auto may_preempt = SyncReport::Kind::may_preempt;
    Warren a(2, {3});
    Warren b(3, {2});
    a.become(true);
    ASSERT_TRUE(run_until(a, b, [&] { return a.is_in_sync() && b.is_in_sync(); }));
    a.become(false);
    ASSERT_TRUE(run_until(a, b, [&] { return a.has_heard(SyncReport::Kind::hold_preemption); }));
    a.forget_reports();
    unsigned rounds = 0;
    ASSERT_TRUE(run_until(a, b, [&] { return ++rounds == 1'400; })) << "0.28 s";
    EXPECT_FALSE(a.has_heard(may_preempt));
    EXPECT_TRUE(run_until(a, b, [&] { return a.has_heard(may_preempt); })) << "nobody is master";
}

TEST_F(Runners, OneThatHadAnErrorGoesOnWhereAnotherHasStopped) {
    Warren a(2, {3});
    Warren b(3, {2});
    a.become(true);
    for (std::uint16_t port = 1'000; port < 1'100; ++port)
        a.add(flow_from(port));
    ASSERT_TRUE(run_until(a, b, [&] { return a.is_in_sync() && b.is_in_sync(); }));
    for (Warren* warren : {&a, &b}) {
        warren->start_thread();
        warren->forget_reports();
        EXPECT_FALSE(warren->exchange().sync.speaks.load());
        const std::size_t flows = b.flows();
        a.add(flow_from(static_cast<std::uint16_t>(2'000 + flows)));
        EXPECT_TRUE(run_until(a, b, [&] {
            return warren->has_heard(SyncReport::Kind::peer_up) && b.flows() == flows + 1;
        }));
    }
    EXPECT_TRUE(run_until(a, b, [&] { return a.is_in_sync() && b.is_in_sync(); }));
}

TEST(RunAgain, UntilItReturnsOrIsToStop) {
    unsigned runs = 0;
    std::vector<std::string> told;
    const auto run = [&] {
        if (++runs < 3) throw std::runtime_error(std::to_string(runs));
    };
    run_again_on_errors(run, [&](const std::exception& error) {
        told.emplace_back(error.what());
        return true;
    });
    EXPECT_EQ(runs, 3U);
    EXPECT_EQ(told, (std::vector<std::string>{"1", "2"}));
    runs = 0;
    run_again_on_errors(run, [](const std::exception&) { return false; });
    EXPECT_EQ(runs, 1U) << "all is to stop";
}

TEST_F(Runners, WhatDiffersIsFoundAndRepaired) {
    Warren a(2, {3});
    Warren b(3, {2});
    a.become(true);
    a.add(flow_from(1'000));
    ASSERT_TRUE(run_until(a, b, [&] { return a.is_in_sync() && b.is_in_sync(); }));
    b.lose_flows();
    EXPECT_TRUE(run_until(a, b, [&] { return b.flows() == 1; }));
}

TEST_F(Runners, HandsARouterOver) {
    Warren a(2, {3});
    Warren b(3, {2});
    a.become(true);
    a.add(flow_from(1'000));
    ASSERT_TRUE(run_until(a, b, [&] { return a.is_in_sync() && b.is_in_sync(); }));
    a.order(SyncOrder::Kind::hand_over);
    const auto is_asked = [&] { return b.has_heard(SyncReport::Kind::take_over_asked); };
    EXPECT_FALSE(run_until({&a, &b}, is_asked, 10'000'000)) << "the control lcore offers it first";
    a.offer(true);
    a.order(SyncOrder::Kind::hand_over);
    ASSERT_TRUE(run_until(a, b, is_asked));
    EXPECT_TRUE(a.has_heard(SyncReport::Kind::asked));
    b.become(true);
    b.order(SyncOrder::Kind::taken);
    EXPECT_TRUE(run_until(a, b, [&] { return a.has_heard(SyncReport::Kind::answered); }));
}

TEST_F(Runners, OfThreeNobodyPreemptsBeforeTheMastersFlowsAreKnown) {
    Warren a(2, {3, 4});
    Warren b(3, {2, 4});
    Warren c(4, {2, 3});
    b.become(true);
    for (std::uint16_t port = 1'000; port < 1'100; ++port)
        b.add(flow_from(port));
    const auto may_preempt = [&] { return a.has_heard(SyncReport::Kind::may_preempt); };
    EXPECT_FALSE(run_until({&a, &c}, may_preempt, 10'000'000))
        << "the other backup is not master, but it is not alone";
    EXPECT_TRUE(run_until({&a, &b, &c}, may_preempt));
    EXPECT_EQ(a.flows(), 100U);
    EXPECT_TRUE(run_until({&a, &b, &c}, [&] { return a.is_in_sync() && c.is_in_sync(); }));
}

// The link is cut and the master lives: what becomes of its flows is not known any more.
TEST_F(Runners, WhoHearsItsMasterNoMoreHoldsPreemptionUntilItKnowsAgain) {
    Warren a(2, {3});
    Warren b(3, {2});
    a.become(true);
    a.add(flow_from(1'000));
    ASSERT_TRUE(run_until(a, b, [&] { return b.has_heard(SyncReport::Kind::may_preempt); }));
    b.forget_reports();
    const auto holds = [&] { return b.has_heard(SyncReport::Kind::hold_preemption); };
    ASSERT_TRUE(run_until({&b}, holds));
    a.add(flow_from(2'000));
    ASSERT_TRUE(run_until(a, b, [&] { return b.has_heard(SyncReport::Kind::may_preempt); }));
    EXPECT_EQ(b.flows(), 2U);
    EXPECT_FALSE(b.has_heard(SyncReport::Kind::gave_up));
}

TEST_F(Runners, OfThreeOneThatIsNotMasterMayBeMissed) {
    Warren a(2, {3, 4});
    Warren b(3, {2, 4});
    Warren c(4, {2, 3});
    b.become(true);
    ASSERT_TRUE(
        run_until({&a, &b, &c}, [&] { return a.has_heard(SyncReport::Kind::may_preempt); }));
    a.forget_reports();
    ASSERT_TRUE(run_until({&a, &b}, [&] { return a.has_heard(SyncReport::Kind::peer_down); }));
    run_until(
        {&a, &b}, [] { return false; }, 10'000'000);
    EXPECT_FALSE(a.has_heard(SyncReport::Kind::hold_preemption));
    EXPECT_TRUE(a.is_in_sync());
}

TEST_F(Runners, DoesNotHandOverToNobody) {
    Warren a(2, {3});
    Warren b(3, {2}, 'x');
    a.become(true);
    a.order(SyncOrder::Kind::hand_over);
    EXPECT_TRUE(run_until(a, b, [&] { return a.has_heard(SyncReport::Kind::not_asked); }));
}

TEST_F(Runners, AnotherKeyIsAnAlarmAndNoSession) {
    Warren a(2, {3});
    Warren b(3, {2}, 'x');
    EXPECT_TRUE(run_until(a, b, [&] {
        return a.has_heard(SyncReport::Kind::alarm, SyncReport::Alarm::key) &&
               b.has_heard(SyncReport::Kind::alarm, SyncReport::Alarm::key);
    }));
    EXPECT_FALSE(a.has_heard(SyncReport::Kind::peer_up));
    EXPECT_FALSE(a.exchange().sync.speaks.load());
    const std::uint64_t id_of_a = derive_keys({std::string(32, 'k')}).macs.front().id;
    const std::uint64_t id_of_b = derive_keys({std::string(32, 'x')}).macs.front().id;
    EXPECT_EQ(a.what_of(SyncReport::Alarm::key), id_of_b << 32 | id_of_a);
    EXPECT_EQ(b.what_of(SyncReport::Alarm::key), id_of_a << 32 | id_of_b);
}

// A third one with another key is told of, though the second one answers; not for ever.
TEST_F(Runners, AForeignTagBesideAPeerThatAnswersIsAnAlarmToo) {
    using Alarm = SyncReport::Alarm;
    Warren a(2, {3, 4});
    Warren b(3, {2, 4});
    Warren c(4, {2, 3}, 'x');
    ASSERT_TRUE(run_until({&a, &b}, [&] { return a.has_heard(SyncReport::Kind::peer_up); }));
    EXPECT_FALSE(a.has_heard(Alarm::key));
    ASSERT_TRUE(run_until({&a, &b, &c}, [&] { return a.has_heard(Alarm::key); }));
    const auto is_over = [&] { return a.is_over(Alarm::key); };
    for (int i = 0; i < 5; ++i)
        EXPECT_FALSE(run_until({&a, &b}, is_over, 10'000'000));
    EXPECT_TRUE(run_until({&a, &b}, is_over, 10'000'000) ||
                run_until({&a, &b}, is_over, 10'000'000));
}

TEST_F(Runners, WhatIsConfiguredOnOneSideOnlyIsNamedOnBoth) {
    using Side = exchange::ConfigDifference::Side;
    Warren a(2, {3});
    Warren b(3, {2}, 'k', 12);
    a.become(true);
    ASSERT_TRUE(run_until(a, b, [&] {
        return a.difference().side != Side::none && b.difference().side != Side::none;
    }));
    EXPECT_EQ(a.difference().side, Side::ours);
    EXPECT_EQ(a.difference().other.to_string(), "192.168.8.11");
    EXPECT_EQ(b.difference().side, Side::peers) << "in the order of names";
    EXPECT_EQ(b.difference().other.to_string(), "192.168.8.11");
}

TEST_F(Runners, TwoMastersAreAnAlarm) {
    Warren a(2, {3});
    Warren b(3, {2});
    a.become(true);
    b.become(true);
    EXPECT_TRUE(run_until(a, b, [&] {
        return a.has_heard(SyncReport::Kind::alarm, SyncReport::Alarm::both_masters);
    }));
}

// Its master dies in the middle of the first bulk.
TEST_F(Runners, ATakeoverBeforeTheTablesWereEverEqualIsAnAlarm) {
    using Alarm = SyncReport::Alarm;
    Warren a(2, {3});
    Warren b(3, {2});
    b.become(true);
    ASSERT_TRUE(run_until({&b}, [] { return true; })) << "a round";
    EXPECT_FALSE(b.has_heard(Alarm::unsynced_takeover)) << "nobody was master before";
    b.become(false);
    a.become(true);
    ASSERT_TRUE(run_until(a, b, [&] { return b.exchange().sync.speaks.load(); }));
    int rounds = 0;
    ASSERT_TRUE(run_until(a, b, [&] { return ++rounds == 20; }));
    ASSERT_FALSE(b.is_in_sync());
    b.become(true);
    EXPECT_TRUE(run_until({&b}, [&] { return b.has_heard(Alarm::unsynced_takeover); }));
}

TEST_F(Runners, ASmallerTableThereIsAnAlarmHere) {
    Warren a(2, {3});
    Warren b(3, {2}, 'k', 11, 99);
    EXPECT_TRUE(run_until(a, b, [&] { return a.has_heard(SyncReport::Alarm::capacity); }));
    EXPECT_FALSE(b.has_heard(SyncReport::Alarm::capacity));
}

TEST_F(Runners, FlowsThatAreNotTakenAreAnAlarmUntilTheyEnd) {
    Warren a(2, {3});
    Warren b(3, {2});
    a.become(true);
    ASSERT_TRUE(run_until(a, b, [&] { return a.is_in_sync() && b.is_in_sync(); }));
    flow::Flow foreign = flow_from(1'000);
    foreign.service_port = net::Be16(5673);
    a.add(foreign);
    ASSERT_TRUE(run_until(a, b, [&] { return b.has_heard(SyncReport::Alarm::refused); }));
    EXPECT_FALSE(a.has_heard(SyncReport::Alarm::refused));
    a.remove(1'000);
    EXPECT_TRUE(run_until(a, b, [&] { return b.is_over(SyncReport::Alarm::refused); }));
}

TEST_F(Runners, AServersTupleThatIsInUseIsAnAlarmForAMinute) {
    Warren a(2, {3});
    Warren b(3, {2});
    constexpr auto conflict = static_cast<std::size_t>(exchange::SyncRefusal::port_conflict);
    b.exchange().workers[0]->sync->refused[conflict].add();
    ASSERT_TRUE(run_until(a, b, [&] { return b.has_heard(SyncReport::Alarm::port_conflict); }));
    const auto is_over = [&] { return b.is_over(SyncReport::Alarm::port_conflict); };
    constexpr std::uint64_t step_ns = 10'000'000;
    for (int i = 0; i < 5; ++i)
        EXPECT_FALSE(run_until(a, b, is_over, step_ns));
    EXPECT_TRUE(run_until(a, b, is_over, step_ns) || run_until(a, b, is_over, step_ns));
}

}  // namespace
}  // namespace warren::peer
