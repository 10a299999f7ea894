// SPDX-License-Identifier: BSD-3-Clause
// Which notify scripts run, in which order, with which arguments.
#include "programs/notifier.h"
#include "programs/program.h"
#include "programs/script_queues.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/programs/scratch_folder.h"

namespace warren::programs {
namespace {

TEST(NotifyState, WhatATransitionMeansToAScript) {
    using vrrp::Reason;
    using vrrp::State;
    EXPECT_EQ(notify_state(State::master, Reason::master_down), NotifyState::master);
    EXPECT_EQ(notify_state(State::backup, Reason::startup), NotifyState::backup);
    EXPECT_EQ(notify_state(State::fault, Reason::fault), NotifyState::fault);
    EXPECT_EQ(notify_state(State::initialize, Reason::shutdown), NotifyState::stop);
    EXPECT_EQ(notify_state(State::initialize, Reason::none), std::nullopt);
}

TEST(NotifyState, OfAGroup) {
    constexpr auto m = NotifyState::master;
    constexpr auto b = NotifyState::backup;
    constexpr auto f = NotifyState::fault;
    constexpr auto s = NotifyState::stop;
    EXPECT_EQ(group_state({m, std::nullopt}), std::nullopt) << "one has not started";
    EXPECT_EQ(group_state({m, m}), m);
    EXPECT_EQ(group_state({m, b}), std::nullopt) << "on their way";
    EXPECT_EQ(group_state({m, f}), std::nullopt);
    EXPECT_EQ(group_state({f, f}), f);
    EXPECT_EQ(group_state({}), std::nullopt);
    EXPECT_EQ(group_state({b, b}), b);
    EXPECT_EQ(group_state({s, m}), std::nullopt) << "on its way out";
    EXPECT_EQ(group_state({s, s}), s);
}

class NotifierTest : public testing::Test {
  protected:
    // Each script appends its name and arguments to `log`.
    config::Script script(const std::string& name, const std::string& before = "") const {
        const std::string path = folder_.script(
            name, before + "\necho " + name + " \"$@\" >> " + folder_.path() + "/log");
        return {{}, path + " own", "", ""};
    }
    void start() { notifier_.emplace(io_, config_, events_); }
    // G of A and B.
    void add_group_of_two() {
        config::VrrpSyncGroup& group = config_.vrrp_sync_groups.emplace_back();
        group.name = "G";
        for (const char* name : {"A", "B"}) {
            config_.vrrp_instances.emplace_back().name = name;
            group.members.push_back({{}, name});
        }
    }
    bool finished() { return notifier_->queues().idle(); }
    std::string log() const { return folder_.read("log"); }
    void TearDown() override { EXPECT_LE(waitpid(-1, nullptr, WNOHANG), 0); }

    boost::asio::io_context io_;
    ScratchFolder folder_;
    journal::EventLog events_;
    config::Config config_;
    std::optional<Notifier> notifier_;
};

TEST_F(NotifierTest, TheStatesOwnScriptComesFirstAndNotifyGetsFourMore) {
    config::VrrpInstance& instance = config_.vrrp_instances.emplace_back();
    instance.name = "VI_1";
    instance.notify = {script("any"),    script("master", "sleep 0.2"),
                       script("backup"), script("fault"),
                       script("stop"),   {}};
    start();
    notifier_->on_transition("VI_1", NotifyState::backup, 90);
    notifier_->on_transition("VI_1", NotifyState::master, 100);
    notifier_->on_transition("VI_1", NotifyState::fault, 100);
    notifier_->on_transition("VI_1", NotifyState::stop, 100);
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    EXPECT_EQ(log(),
              "backup own\n"
              "any own INSTANCE VI_1 BACKUP 90\n"
              "master own\n"
              "any own INSTANCE VI_1 MASTER 100\n"
              "fault own\n"
              "any own INSTANCE VI_1 FAULT 100\n"
              "stop own\n"
              "any own INSTANCE VI_1 STOP 100\n");
}

TEST_F(NotifierTest, AGroupSpeaksWhenItsMembersAgree) {
    for (const char* name : {"A", "B"})
        config_.vrrp_instances.emplace_back().name = name;
    config::VrrpSyncGroup& group = config_.vrrp_sync_groups.emplace_back();
    group.name = "G";
    group.members = {{{}, "A"}, {{}, "B"}};
    group.notify.any = script("any");
    start();
    for (const NotifyState state :
         {NotifyState::backup, NotifyState::master, NotifyState::fault, NotifyState::stop})
        for (const char* member : {"A", "B"})
            notifier_->on_transition(member, state, 150);
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    EXPECT_EQ(log(),
              "any own GROUP G BACKUP 0\n"
              "any own GROUP G MASTER 0\n"
              "any own GROUP G FAULT 0\n"
              "any own GROUP G STOP 0\n");
}

TEST_F(NotifierTest, AnotherConfigurationKeepsTheStatesAndHearsTheLeaving) {
    for (const char* name : {"A", "B", "C"})
        config_.vrrp_instances.emplace_back().name = name;
    config::NotifyScripts& leaving = config_.vrrp_instances[2].notify;
    leaving = {script("any"), {}, {}, script("fault"), script("stop"), {}};
    start();
    for (const char* member : {"A", "B", "C"})
        notifier_->on_transition(member, NotifyState::master, 100);
    config_.vrrp_instances.pop_back();
    config_.vrrp_instances[0].notify.backup = script("backup");
    config::VrrpSyncGroup& group = config_.vrrp_sync_groups.emplace_back();
    group.name = "G";
    group.members = {{{}, "A"}, {{}, "B"}};
    group.notify.any = script("any");
    notifier_->follow(config_);
    notifier_->on_removal("C", 100);
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    EXPECT_NE(log().find("any own INSTANCE C FAULT 100\n"), std::string::npos) << log();
    EXPECT_EQ(log().find("fault own"), std::string::npos) << "as in keepalived";
    EXPECT_EQ(log().find("stop own"), std::string::npos) << "nothing stops";
    notifier_->on_transition("A", NotifyState::backup, 100);
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    EXPECT_NE(log().find("backup own\n"), std::string::npos);
    EXPECT_EQ(log().find("any own GROUP G BACKUP 0\n"), std::string::npos) << "B is a master";
    notifier_->on_transition("B", NotifyState::backup, 100);
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    EXPECT_NE(log().find("any own GROUP G BACKUP 0\n"), std::string::npos);
}

TEST_F(NotifierTest, ARemovalIsToldAsDeletedIfAsked) {
    config::VrrpInstance& instance = config_.vrrp_instances.emplace_back();
    instance.name = "VI_1";
    instance.notify = {script("any"), {}, {}, script("fault"), script("stop"), {}};
    instance.notify.says_deleted = true;
    instance.notify.deleted = script("deleted");
    start();
    config_.vrrp_instances.clear();
    notifier_->follow(config_);
    notifier_->on_removal("VI_1", 90);
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    EXPECT_EQ(log(), "deleted own\nany own INSTANCE VI_1 DELETED 90\n");
}

TEST_F(NotifierTest, ALowerAdvertHasAScriptOfItsOwn) {
    config::VrrpInstance& instance = config_.vrrp_instances.emplace_back();
    instance.name = "VI_1";
    instance.notify.any = script("any");
    instance.notify.lower_priority = script("lower");
    config_.vrrp_instances.emplace_back().name = "VI_2";
    start();
    notifier_->on_lower_priority("VI_1");
    notifier_->on_lower_priority("VI_2");
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    EXPECT_EQ(log(), "lower own\n");
}

TEST_F(NotifierTest, AnotherNameKeepsTheState) {
    for (const char* name : {"A", "B"}) {
        config_.vrrp_instances.emplace_back().name = name;
        config_.vrrp_instances.back().virtual_router_id = name[0] == 'A' ? 1 : 2;
    }
    start();
    notifier_->on_transition("A", NotifyState::master, 100);
    notifier_->on_transition("B", NotifyState::backup, 90);
    config_.vrrp_instances[0].name = "B";  // they have changed names
    config_.vrrp_instances[1].name = "A";
    config::VrrpSyncGroup& group = config_.vrrp_sync_groups.emplace_back();
    group.name = "G";
    group.members = {{{}, "A"}, {{}, "B"}};
    group.notify.any = script("any");
    notifier_->follow(config_);
    notifier_->on_transition("A", NotifyState::master, 90);
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    EXPECT_EQ(log(), "any own GROUP G MASTER 0\n") << "B is the master that was A";
}

TEST_F(NotifierTest, WhatCannotRunIsLeftOut) {
    config::VrrpInstance& instance = config_.vrrp_instances.emplace_back();
    instance.name = "VI_1";
    instance.notify.any = script("any");
    instance.notify.master = config::Script{{}, "/no/such/script", "", ""};
    start();
    notifier_->on_transition("VI_1", NotifyState::master, 100);
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    EXPECT_EQ(log(), "any own INSTANCE VI_1 MASTER 100\n");
}

TEST_F(NotifierTest, AFailureIsAnEvent) {
    config::VrrpInstance& instance = config_.vrrp_instances.emplace_back();
    instance.name = "VI_1";
    instance.notify.fault = config::Script{{}, folder_.script("bad", "exit 3"), "", ""};
    start();
    notifier_->on_transition("VI_1", NotifyState::fault, 100);
    EXPECT_TRUE(run_until(io_, [&] { return finished(); }));
    ASSERT_EQ(events_.end(), 2U);
    EXPECT_NE(events_.at(1).text.find("exit status 3"), std::string::npos);
    EXPECT_EQ(events_.at(1).kind, journal::EventKind::script);
}

class QueuesTest : public NotifierTest {
  protected:
    Program shell(const std::string& text) const {
        return {"/bin/sh", {"sh", "-c", text}, {geteuid(), getegid(), {}}};
    }
};

TEST_F(QueuesTest, AFullQueueDropsItsOldest) {
    ScriptQueues queues(io_, events_);
    const std::string out = " >> " + folder_.path() + "/log";
    queues.run("q", shell("sleep 0.2"));
    for (std::size_t i = 0; i < ScriptQueues::max_waiting + 2; ++i)
        queues.run("q", shell("echo " + std::to_string(i) + out));
    EXPECT_TRUE(run_until(io_, [&] { return queues.idle(); }));
    EXPECT_TRUE(log().starts_with("2\n3\n")) << log();
    EXPECT_EQ(events_.end(), 3U) << "two events tell of it";
}

TEST_F(QueuesTest, TheEndWaitsForScriptsButNotForever) {
    ScriptQueues queues(io_, events_);
    bool done = false;
    queues.when_idle(10'000, [&] { done = true; });
    EXPECT_TRUE(run_until(io_, [&] { return done; })) << "nothing to wait for";
    done = false;
    queues.run("q", shell("sleep 60"));
    queues.when_idle(100, [&] { done = true; });
    EXPECT_TRUE(run_until(
        io_, [&] { return done; }, std::chrono::seconds(5)));
    done = false;
    queues.run("p", shell("echo x >> " + folder_.path() + "/log"));
    EXPECT_TRUE(run_until(io_, [&] { return !log().empty(); })) << "queues do not wait for others";
}

class Heard : public Listener {
  public:
    void on_instance(const std::string& name, NotifyState state, int priority) override {
        text +=
            name + " " + std::string(programs::name(state)) + " " + std::to_string(priority) + "\n";
    }
    void on_group(const std::string& name, NotifyState state) override {
        text += "group " + name + " " + std::string(programs::name(state)) + "\n";
    }
    void on_server(const config::VirtualServer&, const config::RealServer&, bool,
                   std::string_view) override {}
    void on_quorum(const config::VirtualServer&, bool, std::string_view) override {}

    std::string text;
};

TEST_F(NotifierTest, ListenersHearOfInstancesAndGroupsWithoutScripts) {
    config_.vrrp_instances.emplace_back().name = "VI_1";
    config::VrrpSyncGroup& group = config_.vrrp_sync_groups.emplace_back();
    group.name = "G";
    group.members.push_back({{}, "VI_1"});
    Heard heard;
    Notifier notifier(io_, config_, events_, {&heard});
    notifier.on_transition("VI_1", NotifyState::backup, 90);
    notifier.on_transition("VI_1", NotifyState::master, 80);
    const std::string now = "VI_1 MASTER 80\ngroup G MASTER\n";
    EXPECT_EQ(heard.text, "group G BACKUP\nVI_1 BACKUP 90\n" + now);
    heard.text.clear();
    notifier.repeat_to(heard);
    EXPECT_EQ(heard.text, now);
}

// The order in which keepalived writes to its FIFO.
TEST_F(NotifierTest, AGroupStartsBeforeItsMembersAndThenFollowsThem) {
    add_group_of_two();
    Heard heard;
    Notifier notifier(io_, config_, events_, {&heard});
    for (const NotifyState state : {NotifyState::backup, NotifyState::master, NotifyState::fault})
        for (const char* member : {"A", "B"})
            notifier.on_transition(member, state, 100);
    EXPECT_EQ(heard.text,
              "group G BACKUP\nA BACKUP 100\nB BACKUP 100\n"
              "A MASTER 100\nB MASTER 100\ngroup G MASTER\n"
              "A FAULT 100\nB FAULT 100\ngroup G FAULT\n");
}

// One member's link is down: the other is no BACKUP in between, and the members come first.
TEST_F(NotifierTest, AGroupThatStartsInFaultFollowsItsMembers) {
    add_group_of_two();
    Heard heard;
    Notifier notifier(io_, config_, events_, {&heard});
    notifier.on_transition("A", NotifyState::backup, 100);
    notifier.follow(config_);
    notifier.on_transition("B", NotifyState::fault, 100);
    notifier.on_transition("A", NotifyState::fault, 100);
    EXPECT_EQ(heard.text, "A FAULT 100\nB FAULT 100\ngroup G FAULT\n");
}

}  // namespace
}  // namespace warren::programs
