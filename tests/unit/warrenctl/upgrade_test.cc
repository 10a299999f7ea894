// SPDX-License-Identifier: BSD-3-Clause
// The one command of an upgrade: its steps in order, and where it stops.
#include "orders/upgrade.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace warren::ctl {
namespace {

using std::chrono::milliseconds;

// A warren that needs two seconds to restart, three to be in sync, four to be master again.
class Upgrading : public testing::Test {
  protected:
    std::string run(bool force = false) {
        std::ostringstream out;
        ok_ = upgrade(means_, {"restart it", force}, out);
        return out.str();
    }
    bool says(const std::string& text, const char* what) const {
        return text.find(what) != std::string::npos;
    }

    std::vector<Json> rows(const std::string& view) {
        const milliseconds age = now_ - restarted_;
        const bool is_new = restarted_.count() != 0;
        if (is_new && age < milliseconds(2'000)) throw std::runtime_error("nobody answers");
        if (view == "status") return {{{"uptime_ms", is_new ? age.count() - 1'000 : 1'000'000}}};
        if (view == "vrrp") {
            const bool master =
                is_new ? comes_back_ && age > milliseconds(4'000) : is_master_ && !handed_over_;
            return {{{"name", "rabbit"},
                     {"state", master ? "master" : "backup"},
                     {"static", is_static_},
                     {"preempt", preempts_},
                     {"effective_priority", 150},
                     {"master_priority", 100}}};
        }
        if (view == "sync" && has_flow_sync_)
            return {{{"peer", "10.9.0.2"}, {"up", true}},
                    {{"router", "rabbit"},
                     {"in_sync",
                      is_new ? syncs_ && age > milliseconds(3'000) : now_ >= peer_in_sync_}}};
        return {};
    }

    UpgradeMeans means_{
        [this](const std::string& view, const std::string& argument) -> std::vector<Json> {
            if (view != "handover") return rows(view);
            asked_ = argument;
            handed_over_ = hands_over_;
            handed_over_at_ = now_;
            return {{{"router", "rabbit"}, {"done", hands_over_}, {"text", "no peer answers"}}};
        },
        [this](const std::string& command) {
            commands_.push_back(command);
            restarted_ = now_;
            return status_;
        },
        [this](milliseconds time) { now_ += time; }, [this] { return now_; }};
    milliseconds now_{1'000'000}, restarted_{0}, peer_in_sync_{0};
    bool is_master_ = true, hands_over_ = true, handed_over_ = false, has_flow_sync_ = true;
    bool is_static_ = false, syncs_ = true, comes_back_ = true, preempts_ = true;
    int status_ = 0;
    std::string asked_;
    milliseconds handed_over_at_{0};
    std::vector<std::string> commands_;
    bool ok_ = false;
};

TEST_F(Upgrading, OfAMasterHandsOverAndComesBack) {
    EXPECT_EQ(run(),
              "handing over ... ok, 0 ms\n"
              "restarting: restart it ... ok, 0 ms\n"
              "waiting for warren ... ok, 2s\n"
              "waiting for the flows ... ok, 1s\n"
              "waiting to be master again ... ok, 1s\n"
              "done\n");
    EXPECT_TRUE(ok_);
    EXPECT_EQ(asked_, "all");
    EXPECT_EQ(commands_, std::vector<std::string>{"restart it"});
}

TEST_F(Upgrading, OfABackupIsARestartInSync) {
    is_master_ = false;
    const std::string said = run();
    EXPECT_TRUE(ok_);
    EXPECT_TRUE(says(said, "nothing is master here")) << said;
    EXPECT_FALSE(says(said, "master again")) << said;
    EXPECT_EQ(asked_, "");
}

// Nobody could take it over.
TEST_F(Upgrading, OfTheHostsOwnAddressIsARestart) {
    is_static_ = true;
    const std::string said = run();
    EXPECT_TRUE(ok_);
    EXPECT_TRUE(says(said, "nothing is master here")) << said;
    EXPECT_EQ(asked_, "");
}

TEST_F(Upgrading, NothingIsRestartedThatCouldNotBeHandedOver) {
    hands_over_ = false;
    const std::string said = run();
    EXPECT_FALSE(ok_);
    EXPECT_TRUE(says(said, "FAILED: rabbit: no peer answers")) << said;
    EXPECT_TRUE(commands_.empty());
}

// Its own upgrade has just ended.
TEST_F(Upgrading, APeerThatIsNotInSyncYetIsWaitedFor) {
    peer_in_sync_ = now_ + milliseconds(700);
    run();
    EXPECT_TRUE(ok_);
    EXPECT_EQ(handed_over_at_, peer_in_sync_);
}

TEST_F(Upgrading, APeerThatIsNeverInSyncIsAskedAllTheSame) {
    peer_in_sync_ = now_ + milliseconds(60'000);
    hands_over_ = false;
    const milliseconds began = now_;
    EXPECT_TRUE(says(run(), "FAILED: rabbit: no peer answers"));
    EXPECT_EQ(now_ - began, milliseconds(10'000));
}

TEST_F(Upgrading, ForceIsPassedOn) {
    run(true);
    EXPECT_EQ(asked_, "all,force");
}

TEST_F(Upgrading, ARestartThatFailsIsTheEnd) {
    status_ = 3;
    EXPECT_TRUE(says(run(), "FAILED: it failed with status 3"));
    EXPECT_FALSE(ok_);
}

TEST_F(Upgrading, EachWaitIsBounded) {
    syncs_ = false;
    EXPECT_TRUE(says(run(), "FAILED: the peer's flows are not known"));
    EXPECT_FALSE(ok_);
}

TEST_F(Upgrading, WithoutFlowSyncItDoesNotWaitForFlows) {
    has_flow_sync_ = false;
    const std::string said = run();
    EXPECT_TRUE(ok_);
    EXPECT_FALSE(says(said, "flows")) << said;
}

TEST_F(Upgrading, WhoDoesNotPreemptStaysBackup) {
    comes_back_ = false;
    preempts_ = false;
    run();
    EXPECT_TRUE(ok_);
    preempts_ = true;
    restarted_ = milliseconds(0);
    handed_over_ = false;
    EXPECT_TRUE(says(run(), "FAILED: it is not: warrenctl show vrrp"));
}

}  // namespace
}  // namespace warren::ctl
