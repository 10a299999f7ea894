// SPDX-License-Identifier: BSD-3-Clause
// vrrp_scripts as real programs: rise and fall, timeouts, what cannot run.
#include "tracking/track_scripts.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <stdexcept>

#include "unit/programs/scratch_folder.h"

namespace warren::tracking {
namespace {

using namespace programs;  // the words of its fixture

using Standing = vrrp::TrackedState::Standing;
constexpr std::int64_t ms = 1'000'000;

class TrackScriptsTest : public testing::Test {
  protected:
    config::VrrpScript& add(const std::string& name, const std::string& text) {
        config_.vrrp_scripts.push_back({});
        config::VrrpScript& script = config_.vrrp_scripts.back();
        script.name = name;
        script.script.command = folder_.script(name, text);
        script.script.user = "root";
        script.interval_ns = 20 * ms;
        script.timeout_ns = 10'000 * ms;  // else the interval, which a busy machine exceeds
        instance().tracked.push_back({{}, config::TrackKind::script, name, 0, false});
        return script;
    }
    config::VrrpInstance& instance() {
        if (config_.vrrp_instances.empty()) config_.vrrp_instances.emplace_back();
        return config_.vrrp_instances.front();
    }
    void start() {
        scripts_ = std::make_unique<TrackScripts>(io_, config_, events_, [this] {
            if (++changes_ <= throws_) throw std::runtime_error("no memory");
        });
    }
    bool becomes(const std::string& name, bool up) {
        return run_until(io_, [&] {
            const vrrp::TrackedState state = scripts_->state(name);
            return state.standing == Standing::known && (state.number != 0) == up;
        });
    }

    boost::asio::io_context io_;
    ScratchFolder folder_;
    config::Config config_;
    journal::EventLog events_;
    int changes_ = 0;
    int throws_ = 0;  // so many of them first
    std::unique_ptr<TrackScripts> scripts_;
};

TEST_F(TrackScriptsTest, TheFirstRunDecides) {
    add("good", "exit 0").rise = 5;
    add("bad", "exit 3").fall = 5;
    start();
    EXPECT_EQ(scripts_->state("good").standing, Standing::unknown);
    EXPECT_TRUE(becomes("good", true));
    EXPECT_TRUE(becomes("bad", false));
    EXPECT_EQ(scripts_->state("bad").text, "exit status 3");
    EXPECT_EQ(changes_, 2);
}

TEST_F(TrackScriptsTest, FollowsWhatTheScriptSays) {
    config::VrrpScript& script = add(
        "chk", "echo x >> " + folder_.path() + "/runs; test ! -e " + folder_.path() + "/failed");
    script.rise = 2;
    script.fall = 3;
    start();
    ASSERT_TRUE(becomes("chk", true));
    folder_.file("failed", "");
    const std::size_t before = folder_.read("runs").size() / 2;
    ASSERT_TRUE(becomes("chk", false));
    EXPECT_GE(folder_.read("runs").size() / 2, before + 2) << "three failures";
    std::filesystem::remove(folder_.path() + "/failed");
    ASSERT_TRUE(becomes("chk", true));
    EXPECT_EQ(changes_, 3);
}

TEST_F(TrackScriptsTest, ATimeoutFailsAtOnceAndEndsTheGroup) {
    config::VrrpScript& script = add("slow", "echo $$ > " + folder_.path() + "/pid; sleep 60");
    script.timeout_ns = 100 * ms;
    script.interval_ns = 60'000 * ms;
    start();
    ASSERT_TRUE(becomes("slow", false));
    EXPECT_EQ(scripts_->state("slow").text, "timed out");
    const int group = std::stoi(folder_.read("pid"));
    EXPECT_TRUE(run_until(io_, [&] { return kill(-group, 0) != 0; }));
    EXPECT_EQ(changes_, 1) << "its end is not counted again";
}

// Else one that hangs would have a run in every second interval only.
TEST_F(TrackScriptsTest, AfterATimeoutTheTurnThatWasSkippedComesAtOnce) {
    config::VrrpScript& script = add("slow", "echo x >> " + folder_.path() + "/runs; sleep 60");
    script.interval_ns = 1'000 * ms;
    script.timeout_ns = 1'050 * ms;
    start();
    ASSERT_TRUE(run_until(io_, [&] { return folder_.read("runs") == "x\n"; }));
    const auto first = std::chrono::steady_clock::now();
    ASSERT_TRUE(run_until(io_, [&] { return folder_.read("runs") == "x\nx\n"; }));
    EXPECT_LT(std::chrono::steady_clock::now() - first, std::chrono::milliseconds(1'900));
}

TEST_F(TrackScriptsTest, OneRunAtATime) {
    config::VrrpScript& script =
        add("slow", "echo x >> " + folder_.path() + "/runs; while test ! -e " + folder_.path() +
                        "/go; do sleep 0.01; done");
    script.timeout_ns = 60'000 * ms;
    start();
    ASSERT_TRUE(run_until(io_, [&] { return folder_.read("runs") == "x\n"; }));
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
         std::chrono::steady_clock::now() < end;)
        io_.run_one_for(std::chrono::milliseconds(10));
    EXPECT_EQ(folder_.read("runs"), "x\n");
    folder_.file("go", "");
    EXPECT_TRUE(becomes("slow", true));
}

TEST_F(TrackScriptsTest, WhatCannotRunTakesNoPart) {
    add("gone", "exit 0").script.command = folder_.path() + "/nothing";
    start();
    EXPECT_EQ(scripts_->state("gone").standing, Standing::ignored);
    EXPECT_NE(scripts_->state("gone").text.find("No such file"), std::string::npos);
    EXPECT_EQ(scripts_->state("never heard of").standing, Standing::ignored);
}

TEST_F(TrackScriptsTest, WhatNobodyTracksDoesNotRun) {
    add("chk", "echo x > " + folder_.path() + "/runs");
    add("other", "exit 0");
    instance().tracked.erase(instance().tracked.begin());
    start();
    EXPECT_TRUE(becomes("other", true));
    EXPECT_EQ(folder_.read("runs"), "");
}

TEST_F(TrackScriptsTest, InitFail) {
    config::VrrpScript& script = add("chk", "exit 0");
    script.init_fail = true;
    script.rise = 2;
    start();
    EXPECT_EQ(scripts_->state("chk").standing, Standing::known);
    EXPECT_EQ(scripts_->state("chk").number, 0);
    EXPECT_TRUE(becomes("chk", true));
}

// What hears of the change fails; the script is run and heard of all the same.
TEST_F(TrackScriptsTest, AThrowingHandlerStopsNoScript) {
    add("chk", "test ! -e " + folder_.path() + "/failed");
    throws_ = 1;
    start();
    const auto becomes_after_throws = [&](bool up) {
        for (;;)
            try {
                return becomes("chk", up);
            } catch (const std::runtime_error&) {  // as Manager::run_until_stopped()
            }
    };
    ASSERT_TRUE(becomes_after_throws(true));
    folder_.file("failed", "");
    EXPECT_TRUE(becomes_after_throws(false));
    EXPECT_EQ(changes_, 2);
}

TEST_F(TrackScriptsTest, AnotherConfigurationKeepsTheResultsOfWhatItStillNames) {
    add("good", "exit 0");
    add("gone", "exit 0");
    start();
    ASSERT_TRUE(becomes("good", true));
    ASSERT_TRUE(becomes("gone", true));
    config_.vrrp_scripts.pop_back();
    config_.vrrp_scripts[0].fall = 3;
    add("fresh", "exit 1");
    scripts_->follow(config_);
    EXPECT_EQ(scripts_->state("good").standing, Standing::known);
    EXPECT_EQ(scripts_->state("fresh").standing, Standing::unknown);
    EXPECT_EQ(scripts_->state("gone").text, "no such script");
    EXPECT_TRUE(becomes("fresh", false));
}

TEST_F(TrackScriptsTest, ARunOfWhatIsTrackedNoMoreEndsInSilence) {
    add("slow", "echo x >> " + folder_.path() + "/begun; sleep 0.2; exit 1").timeout_ns =
        5'000 * ms;
    start();
    ASSERT_TRUE(run_until(io_, [&] { return !folder_.read("begun").empty(); }));
    config::Config next;
    scripts_->follow(next);
    add("other", "sleep 0.3; exit 0").timeout_ns = 5'000 * ms;
    config_.vrrp_scripts.erase(config_.vrrp_scripts.begin());
    scripts_->follow(config_);
    EXPECT_TRUE(becomes("other", true));
    EXPECT_EQ(changes_, 1);
}

TEST_F(TrackScriptsTest, AnotherProgramOfTheSameNameBeginsAnew) {
    add("chk", "exit 0");
    start();
    ASSERT_TRUE(becomes("chk", true));
    config_.vrrp_scripts[0].script.command = folder_.script("other", "exit 1");
    scripts_->follow(config_);
    EXPECT_EQ(scripts_->state("chk").standing, Standing::unknown);
    EXPECT_TRUE(becomes("chk", false));
}

}  // namespace
}  // namespace warren::tracking
